// The list behind cross_entropy.h. A plug-in adds to it, tests walk it.
#pragma once

#include "compute/backends/implementations.h"

namespace moescope {

using CrossEntropyFn = double(LossKind kind, const Tensor& logits, const Tensor& targets, const Tensor& dlogits,
                              float gradient_scale);

ImplementationList<CrossEntropyFn>& cross_entropy_list();

}  // namespace moescope
