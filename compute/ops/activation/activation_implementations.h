// The lists behind activation.h. A plug-in adds to them, tests walk them.
#pragma once

#include "compute/backends/implementations.h"

namespace moescope {

using ActivationFn = void(Activation kind, const Tensor& x, const Tensor& y);
using ActivationBackwardFn = void(Activation kind, const Tensor& x, const Tensor& dy, const Tensor& dx,
                                  const Tensor& y);
using TanhFn = void(const Tensor& x, const Tensor& y);
using TanhBackwardFn = void(const Tensor& y, const Tensor& dy, const Tensor& dx);

ImplementationList<ActivationFn>& activation_list();
ImplementationList<ActivationBackwardFn>& activation_backward_list();
ImplementationList<TanhFn>& tanh_forward_list();
ImplementationList<TanhBackwardFn>& tanh_backward_list();

}  // namespace moescope
