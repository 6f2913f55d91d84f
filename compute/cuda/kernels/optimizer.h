// AdamW and SGD with momentum over all parameters in one launch, on a GPU. Twin of compute/ops/adamw and of
// compute/train/optimizer's stretches; NUMERICS 4.7.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

namespace moescope::cuda {

/// Neighbouring parameters that are updated alike: elements [begin, next stretch's begin). Lives in device memory, so
/// that a captured step can be replayed with other numbers. correction1 = 1 / (1 - beta1^t), correction2 likewise.
struct OptimizerStretch {
  int64_t begin;
  float learning_rate, weight_decay, correction1, correction2;
};

/// gradient, m, v, parameter (size). stretches (num_stretches), ascending, the first begins at 0. gradient_scale (one
/// number in device memory, or null: 1) multiplies the gradients first; when it is NaN nothing is changed at all.
/// parameter_bf16 (size) or null receives the updated parameters rounded to bfloat16.
struct AdamWArguments {
  const float* gradient;
  float *m, *v, *parameter;
  uint16_t* parameter_bf16;
  const OptimizerStretch* stretches;
  const float* gradient_scale;
  int64_t size, num_stretches;
  float beta1, beta2, epsilon;
};
cudaError_t launch_adamw(const AdamWArguments& a, cudaStream_t stream);

/// m = g + momentum * m; w -= learning_rate * (m + weight_decay * w).
struct SgdArguments {
  const float* gradient;
  float *m, *parameter;
  uint16_t* parameter_bf16;
  const OptimizerStretch* stretches;
  const float* gradient_scale;
  int64_t size, num_stretches;
  float momentum;
};
cudaError_t launch_sgd_momentum(const SgdArguments& a, cudaStream_t stream);

/// *norm = sqrt(*squares); *scale = limit > 0 && norm >= limit ? limit / norm : 1 (clip_factor), NaN when the norm is
/// not finite, so that a step that diverged changes nothing. squares: launch_dot's result.
struct ClipArguments {
  const double* squares;
  float *norm, *scale;
  double limit;
};
cudaError_t launch_clip(const ClipArguments& a, cudaStream_t stream);

}  // namespace moescope::cuda
