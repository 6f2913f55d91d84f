// Layer normalisation over the last axis, and over heads, on a GPU. Twin of compute/ops/layer_norm; NUMERICS 4.3.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

namespace moescope::cuda {

/// y = (x - mean) / sqrt(var + epsilon) * scale + bias over (rows,columns). bias, mean, rstd may be null. With residual
/// (rows,columns) x + residual is normalised and `sum` receives it; sum may be x or residual. y_bf16 (rows,columns) or
/// null receives y rounded to bfloat16, for the matrix product that follows.
struct LayerNormArguments {
  const float *x, *residual, *scale, *bias;
  float *y, *mean, *rstd, *sum;
  uint16_t* y_bf16;
  int64_t rows, columns;
  float epsilon;
};
cudaError_t launch_layer_norm(const LayerNormArguments& a, cudaStream_t stream);

/// dx (rows,columns) +=; dscale (columns) and dbias (columns, or null) +=. Deterministic: sums over rows are taken per
/// block, then in block order. workspace: layer_norm_workspace_floats().
struct LayerNormBackwardArguments {
  const float *x, *scale, *mean, *rstd, *dy;
  float *dx, *dscale, *dbias;
  int64_t rows, columns;
  float* workspace;
};
int64_t layer_norm_workspace_floats(int64_t rows, int64_t columns);
cudaError_t launch_layer_norm_backward(const LayerNormBackwardArguments& a, cudaStream_t stream);

/// Each stretch of `width` numbers of a row normalised on its own by scale (width), no bias: qk_norm on the packed
/// projection. Strides between rows, in floats. y may be x.
struct HeadNormArguments {
  const float *x, *scale;
  float* y;
  int64_t x_stride, y_stride, rows, heads, width;
  float epsilon;
};
cudaError_t launch_head_norm(const HeadNormArguments& a, cudaStream_t stream);

/// dx overwritten, may be dy; dscale (width) +=. workspace: layer_norm_workspace_floats(rows * heads, width).
struct HeadNormBackwardArguments {
  const float *x, *scale, *dy;
  float *dx, *dscale;
  int64_t x_stride, dy_stride, dx_stride, rows, heads, width;
  float epsilon;
  float* workspace;
};
cudaError_t launch_head_norm_backward(const HeadNormBackwardArguments& a, cudaStream_t stream);

}  // namespace moescope::cuda
