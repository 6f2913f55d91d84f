// Layer normalisation over the last axis: y = (x - mean) / sqrt(var + eps) * scale + bias, population variance.
#pragma once

#include "compute/core/tensor.h"

namespace moescope {

inline constexpr float kLayerNormEps = 1e-6f;  // flax's default, NUMERICS 4.3

/// x, y (R,D); scale (D); bias (D) or empty. mean, rstd (R) are written for the backward pass when not empty.
/// When `residual` (R,D) is not empty, x + residual is normalised and `sum` (R,D) receives it: one pass for the block's
/// "x = x + branch; u = LN(x)".
void layer_norm(const Tensor& x, const Tensor& scale, const Tensor& bias, const Tensor& y, const Tensor& mean,
                const Tensor& rstd, float eps = kLayerNormEps, const Tensor& residual = {}, const Tensor& sum = {});

/// dx (R,D) += the gradient through the normalisation; dscale (D) and dbias (D, or empty) +=. Sums over rows are taken
/// per thread and added in thread order: the same threads give the same bits.
void layer_norm_backward(const Tensor& x, const Tensor& scale, const Tensor& mean, const Tensor& rstd, const Tensor& dy,
                         const Tensor& dx, const Tensor& dscale, const Tensor& dbias);

/// The same over heads: x, y (R, heads*W) with row strides in floats, each stretch of W normalised by scale (W), no
/// bias. For qk_norm, where x are the query or key columns of the packed (R, 3D) projection. NUMERICS 4.3.
void head_norm(const float* x, int64_t x_stride, int64_t rows, int64_t heads, const Tensor& scale, float* y,
               int64_t y_stride, float eps = kLayerNormEps);
/// dx (strided like x) = gradient (overwritten; may be dy); dscale (W) +=. Statistics are recomputed from x.
void head_norm_backward(const float* x, int64_t x_stride, int64_t rows, int64_t heads, const Tensor& scale,
                        const float* dy, int64_t dy_stride, float* dx, int64_t dx_stride, const Tensor& dscale,
                        float eps = kLayerNormEps);

}  // namespace moescope
