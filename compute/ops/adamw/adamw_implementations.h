// The lists behind adamw.h. A plug-in adds to them, tests walk them.
#pragma once

#include "compute/backends/implementations.h"
#include "compute/ops/adamw/adamw.h"

namespace moescope {

using AdamWFn = void(const AdamStep& step, const Tensor& gradient, const Tensor& m, const Tensor& v,
                     const Tensor& parameter);
using SgdMomentumFn = void(const SgdStep& step, const Tensor& gradient, const Tensor& m, const Tensor& parameter);
using SumOfSquaresFn = double(const Tensor& x);

ImplementationList<AdamWFn>& adamw_list();
ImplementationList<SgdMomentumFn>& sgd_momentum_list();
ImplementationList<SumOfSquaresFn>& sum_of_squares_list();

}  // namespace moescope
