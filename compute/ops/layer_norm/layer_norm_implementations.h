// The lists behind layer_norm.h. A plug-in adds to them, tests walk them.
#pragma once

#include "compute/backends/implementations.h"

namespace moescope {

using LayerNormFn = void(const Tensor& x, const Tensor& scale, const Tensor& bias, const Tensor& y, const Tensor& mean,
                         const Tensor& rstd, float eps, const Tensor& residual, const Tensor& sum);
using LayerNormBackwardFn = void(const Tensor& x, const Tensor& scale, const Tensor& mean, const Tensor& rstd,
                                 const Tensor& dy, const Tensor& dx, const Tensor& dscale, const Tensor& dbias);
using HeadNormFn = void(const float* x, int64_t x_stride, int64_t rows, int64_t heads, const Tensor& scale, float* y,
                        int64_t y_stride, float eps);
using HeadNormBackwardFn = void(const float* x, int64_t x_stride, int64_t rows, int64_t heads, const Tensor& scale,
                                const float* dy, int64_t dy_stride, float* dx, int64_t dx_stride, const Tensor& dscale,
                                float eps);

ImplementationList<LayerNormFn>& layer_norm_list();
ImplementationList<LayerNormBackwardFn>& layer_norm_backward_list();
ImplementationList<HeadNormFn>& head_norm_list();
ImplementationList<HeadNormBackwardFn>& head_norm_backward_list();

}  // namespace moescope
