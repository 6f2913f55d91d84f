// The lists behind mixing.h. A plug-in adds to them, tests walk them.
#pragma once

#include "compute/backends/implementations.h"

namespace moescope {

using DispatchFn = void(const Tensor& weights, const Tensor& x, const Tensor& slots);
using DispatchBackwardFn = void(const Tensor& weights, const Tensor& x, const Tensor& dslots, const Tensor& dweights,
                                const Tensor& dx);
using CombineFn = void(const Tensor& weights, const Tensor& slots, const Tensor& y);
using CombineBackwardFn = void(const Tensor& weights, const Tensor& slots, const Tensor& dy, const Tensor& dweights,
                               const Tensor& dslots);

ImplementationList<DispatchFn>& dispatch_list();
ImplementationList<DispatchBackwardFn>& dispatch_backward_list();
ImplementationList<CombineFn>& combine_list();
ImplementationList<CombineBackwardFn>& combine_backward_list();

}  // namespace moescope
