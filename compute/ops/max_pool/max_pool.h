// The largest number under a moving window, per channel, as the Impala encoder shrinks its maps. NUMERICS 5.1.
#pragma once

#include "compute/core/tensor.h"

namespace moescope {

/// x (N,H,W,C) -> y (N,ceil(H/stride),ceil(W/stride),C), overwritten: windows of side `window`, padded with minus
/// infinity as a SAME convolution is with zeros. from (like y, i32): where in its image each came from; the first of
/// equal ones, row by row.
void max_pool(const Tensor& x, int64_t window, int64_t stride, const Tensor& y, const Tensor& from);
/// dx (N,H,W,C) overwritten.
void max_pool_backward(const Tensor& dy, const Tensor& from, const Tensor& dx);

}  // namespace moescope
