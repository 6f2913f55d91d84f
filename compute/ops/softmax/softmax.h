// Softmax over the last axis; the largest value is subtracted first.
#pragma once

#include "compute/core/tensor.h"

namespace moescope {

/// x, y (R,N); y may be x.
void softmax(const Tensor& x, const Tensor& y);
/// dx = y * (dy - rowsum(y * dy)); dx may be dy.
void softmax_backward(const Tensor& y, const Tensor& dy, const Tensor& dx);

}  // namespace moescope
