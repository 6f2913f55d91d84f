// The lists behind narrow_experts.h. A plug-in adds to them, tests walk them.
#pragma once

#include "compute/backends/implementations.h"
#include "compute/ops/narrow_experts/narrow_experts.h"

namespace moescope {

using NarrowExpertsFn = void(const Tensor& x, const int32_t* offset, const ExpertTensors& experts, const Tensor& hidden,
                             const Tensor& y);
using NarrowExpertsBackwardFn = void(const Tensor& x, const int32_t* offset, const ExpertTensors& experts,
                                     const Tensor& hidden, const Tensor& dy, const Tensor& dx,
                                     const ExpertTensors& gradients);

ImplementationList<NarrowExpertsFn>& narrow_experts_list();
ImplementationList<NarrowExpertsBackwardFn>& narrow_experts_backward_list();

}  // namespace moescope
