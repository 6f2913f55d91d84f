// One thread an element; memory sets the pace, so accuracy is not bought with fast-math.
#include "compute/cuda/kernels/activation.h"

#include "compute/cuda/kernels/device.cuh"

namespace moescope::cuda {
namespace {

struct ValueAndSlope {
  float value, slope;
};

constexpr float kSqrt2OverPi = 0.797884561f, kInverseSqrt2 = 0.707106781f, kInverseSqrt2Pi = 0.398942280f;

__device__ ValueAndSlope gelu_tanh(float x) {
  const float t = tanhf(kSqrt2OverPi * (x + 0.044715f * x * x * x));
  // Far out x² is infinite where 1 - t² is 0: bounded, like the CPU's.
  const float square = fminf(x * x, 1e4f), inner = kSqrt2OverPi * (1 + 3 * 0.044715f * square);
  return {0.5f * x * (1 + t), 0.5f * (1 + t) + 0.5f * x * (1 - t * t) * inner};
}

__device__ ValueAndSlope gelu_erf(float x) {
  const float below = 0.5f * erfcf(-x * kInverseSqrt2), density = expf(-0.5f * x * x) * kInverseSqrt2Pi;
  return {x * below, below + x * density};
}

/// A NaN is neither below nor above zero and comes through.
__device__ ValueAndSlope relu(float x) { return {x < 0 ? 0 : x, x <= 0 ? 0 : x > 0 ? 1 : x}; }

__device__ ValueAndSlope act(ActivationKind kind, float x) {
  return kind == ActivationKind::gelu_tanh ? gelu_tanh(x) : kind == ActivationKind::relu ? relu(x) : gelu_erf(x);
}

__device__ void write(float* y, uint16_t* y_bf16, int64_t at, float value) {
  if (y) y[at] = value;
  if (y_bf16) y_bf16[at] = to_bf16_bits(value);
}

/// x + bias of an element, kept when wanted.
__device__ float biased(const ActivationArguments& a, unsigned row, int64_t column) {
  const int64_t at = row * a.columns + column;
  const float x = a.x[at] + (a.bias ? a.bias[quotient(row, a.rows_per_bias) * a.columns + column] : 0);
  if (a.x_out) a.x_out[at] = x;
  return x;
}

__global__ void activate(ActivationArguments a) {
  const int64_t i = element_of_thread();
  if (i >= a.rows * a.columns) return;
  const Position p = position_of(i, a.columns);
  write(a.y, a.y_bf16, i, act(a.kind, biased(a, p.row, p.column)).value);
}

__global__ void activate_gated(ActivationArguments a) {
  const int64_t i = element_of_thread(), half = a.columns / 2;
  if (i >= a.rows * half) return;
  const Position p = position_of(i, half);
  const float value = biased(a, p.row, p.column), gate = biased(a, p.row, half + p.column);
  write(a.y, a.y_bf16, i, value * gelu_erf(gate).value);
}

__global__ void activate_backward(ActivationBackwardArguments a) {
  const int64_t i = element_of_thread();
  if (i >= a.rows * a.columns) return;
  const ValueAndSlope one = act(a.kind, a.x[i]);
  a.dx[i] = a.dy[i] * one.slope;
  write(a.y, a.y_bf16, i, one.value);
}

__global__ void activate_gated_backward(ActivationBackwardArguments a) {
  const int64_t i = element_of_thread(), half = a.columns / 2;
  if (i >= a.rows * half) return;
  const Position p = position_of(i, half);
  const int64_t at = p.row * a.columns + p.column;
  const ValueAndSlope gate = gelu_erf(a.x[at + half]);
  const float value = a.x[at], dy = a.dy[i];
  a.dx[at] = dy * gate.value;
  a.dx[at + half] = dy * value * gate.slope;
  write(a.y, a.y_bf16, i, value * gate.value);
}

__global__ void tanh_elements(TanhArguments a) {
  const int64_t i = element_of_thread();
  if (i >= a.rows * a.columns) return;
  a.y[i] = tanhf(a.x[i] + (a.bias ? a.bias[position_of(i, a.columns).column] : 0));
}

__global__ void tanh_elements_backward(TanhBackwardArguments a) {
  const int64_t i = element_of_thread();
  if (i < a.size) a.dx[i] = a.dy[i] * (1 - a.y[i] * a.y[i]);
}

}  // namespace

cudaError_t launch_activation(const ActivationArguments& a, cudaStream_t stream) {
  const int64_t size = a.rows * a.columns;
  if (size == 0) return cudaSuccess;
  if (!fits_positions(size)) return cudaErrorInvalidValue;
  if (a.kind == ActivationKind::geglu) return launch(activate_gated, thread_per_element(size / 2), stream, a);
  return launch(activate, thread_per_element(size), stream, a);
}

cudaError_t launch_activation_backward(const ActivationBackwardArguments& a, cudaStream_t stream) {
  const int64_t size = a.rows * a.columns;
  if (size == 0) return cudaSuccess;
  if (!fits_positions(size)) return cudaErrorInvalidValue;
  if (a.kind == ActivationKind::geglu) return launch(activate_gated_backward, thread_per_element(size / 2), stream, a);
  return launch(activate_backward, thread_per_element(size), stream, a);
}

cudaError_t launch_tanh(const TanhArguments& a, cudaStream_t stream) {
  if (a.rows * a.columns == 0) return cudaSuccess;
  if (!fits_positions(a.rows * a.columns)) return cudaErrorInvalidValue;
  return launch(tanh_elements, thread_per_element(a.rows * a.columns), stream, a);
}

cudaError_t launch_tanh_backward(const TanhBackwardArguments& a, cudaStream_t stream) {
  if (a.size == 0) return cudaSuccess;
  return launch(tanh_elements_backward, thread_per_element(a.size), stream, a);
}

}  // namespace moescope::cuda
