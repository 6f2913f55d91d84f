// l2 normalisation of rows and of columns, on a GPU. Twin of compute/ops/l2_normalize; NUMERICS 1.2 and 1.9.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

namespace moescope::cuda {

/// Where epsilon stands: v / sqrt(|v|² + 1e-6), v / (|v| + 1e-6), v / max(|v|, 1e-12).
enum class Epsilon : int { inside, outside, clamp };

/// y = normalised(x) * gain * *device_gain * gains[column]. x, y (rows,columns), y may be x. gains (columns) and
/// device_gain (one number, a learned scale) may be null; launch_l2_normalize_columns knows no gains.
struct L2NormalizeArguments {
  const float* x;
  float* y;
  int64_t rows, columns;
  Epsilon epsilon;
  float gain;
  const float* device_gain;
  const float* gains;
};
cudaError_t launch_l2_normalize_rows(const L2NormalizeArguments& a, cudaStream_t stream);
/// Each column on its own: Soft MoE's slot parameters, one norm per slot.
cudaError_t launch_l2_normalize_columns(const L2NormalizeArguments& a, cudaStream_t stream);

/// dx (rows,columns) +=. dgains (columns) += when not null (rows only); then workspace holds
/// l2_normalize_workspace_floats().
struct L2NormalizeBackwardArguments {
  const float *x, *dy;
  float* dx;
  int64_t rows, columns;
  Epsilon epsilon;
  float gain;
  const float* device_gain;
  const float* gains;
  float* dgains;
  float* workspace;
};
int64_t l2_normalize_workspace_floats(int64_t rows, int64_t columns);
cudaError_t launch_l2_normalize_rows_backward(const L2NormalizeBackwardArguments& a, cudaStream_t stream);
cudaError_t launch_l2_normalize_columns_backward(const L2NormalizeBackwardArguments& a, cudaStream_t stream);

}  // namespace moescope::cuda
