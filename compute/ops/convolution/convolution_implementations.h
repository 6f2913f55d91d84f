// The lists behind convolution.h. A plug-in adds to them, tests walk them.
#pragma once

#include "compute/backends/implementations.h"
#include "compute/ops/convolution/convolution.h"

namespace moescope {

using ConvolutionFn = void(const Tensor& x, const Tensor& w, const Tensor& b, const ConvolutionOptions& options,
                           const Tensor& y);
using ConvolutionBackwardFn = void(const Tensor& x, const Tensor& w, const Tensor& dy,
                                   const ConvolutionOptions& options, const Tensor& dx, const Tensor& dw,
                                   const Tensor& db);

ImplementationList<ConvolutionFn>& convolution_list();
ImplementationList<ConvolutionBackwardFn>& convolution_backward_list();

}  // namespace moescope
