// The lists behind soft_weights.h. A plug-in adds to them, tests walk them.
#pragma once

#include "compute/backends/implementations.h"

namespace moescope {

using SoftWeightsFn = void(const Tensor& logits, const Tensor& dispatch, const Tensor& combine);
using SoftWeightsBackwardFn = void(const Tensor& dispatch, const Tensor& combine, const Tensor& ddispatch,
                                   const Tensor& dcombine, const Tensor& dlogits);

ImplementationList<SoftWeightsFn>& soft_weights_list();
ImplementationList<SoftWeightsBackwardFn>& soft_weights_backward_list();

}  // namespace moescope
