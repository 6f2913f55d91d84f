// Bias and activation of a hidden layer in one pass, on a GPU. Twin of compute/ops/activation; NUMERICS 1.4 and 1.7.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

namespace moescope::cuda {

enum class ActivationKind : int { gelu_tanh, gelu_erf, relu, geglu };

/// y = act(x + bias). x (rows,columns); y likewise, or (rows,columns/2) for geglu: a * gelu_erf(gate) with x =
/// (a,gate). bias may be null; row r takes bias[r / rows_per_bias] of (rows/rows_per_bias, columns), so that experts
/// with equal numbers of rows go in one launch (a plain layer: rows_per_bias = rows). x_out receives x + bias for the
/// backward pass when not null; may be x. y may be x when not geglu. y_bf16 (like y) or null: y rounded to bfloat16;
/// then y may be null.
struct ActivationArguments {
  ActivationKind kind;
  const float *x, *bias;
  float *x_out, *y;
  uint16_t* y_bf16;
  int64_t rows, columns, rows_per_bias;
};
cudaError_t launch_activation(const ActivationArguments& a, cudaStream_t stream);

/// dx = dy * act'(x), x with its bias added; dx may be dy when not geglu. y, y_bf16 may be null: act(x) again.
struct ActivationBackwardArguments {
  ActivationKind kind;
  const float *x, *dy;
  float *dx, *y;
  uint16_t* y_bf16;
  int64_t rows, columns;
};
cudaError_t launch_activation_backward(const ActivationBackwardArguments& a, cudaStream_t stream);

/// y = tanh(x + bias) over (rows,columns), bias (columns) or null; and dx = dy * (1 - y²), dx may be dy.
struct TanhArguments {
  const float *x, *bias;
  float* y;
  int64_t rows, columns;
};
cudaError_t launch_tanh(const TanhArguments& a, cudaStream_t stream);
struct TanhBackwardArguments {
  const float *y, *dy;
  float* dx;
  int64_t size;
};
cudaError_t launch_tanh_backward(const TanhBackwardArguments& a, cudaStream_t stream);

}  // namespace moescope::cuda
