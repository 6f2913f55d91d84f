// The lists behind softmax.h. A plug-in adds to them, tests walk them.
#pragma once

#include "compute/backends/implementations.h"

namespace moescope {

using SoftmaxFn = void(const Tensor& x, const Tensor& y);
using SoftmaxBackwardFn = void(const Tensor& y, const Tensor& dy, const Tensor& dx);

ImplementationList<SoftmaxFn>& softmax_list();
ImplementationList<SoftmaxBackwardFn>& softmax_backward_list();

}  // namespace moescope
