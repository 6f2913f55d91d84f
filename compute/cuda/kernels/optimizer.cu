// One launch for all parameters: each thread finds its stretch by bisection, then reads and writes every number once.
#include "compute/cuda/kernels/optimizer.h"

#include "compute/cuda/kernels/device.cuh"

namespace moescope::cuda {
namespace {

__device__ const OptimizerStretch& stretch_of(const OptimizerStretch* stretches, int64_t n, int64_t i) {
  int64_t first = 0, last = n - 1;  // the last one that begins at i or before
  while (first < last) {
    const int64_t middle = (first + last + 1) / 2;
    if (stretches[middle].begin <= i)
      first = middle;
    else
      last = middle - 1;
  }
  return stretches[first];
}

__global__ void adamw(AdamWArguments a) {
  const int64_t i = element_of_thread();
  const float scale = a.gradient_scale ? *a.gradient_scale : 1;
  if (i >= a.size || scale != scale) return;
  const OptimizerStretch& s = stretch_of(a.stretches, a.num_stretches, i);
  const float g = a.gradient[i] * scale, w = a.parameter[i];
  const float m = a.beta1 * a.m[i] + (1 - a.beta1) * g, v = a.beta2 * a.v[i] + (1 - a.beta2) * g * g;
  const float direction = m * s.correction1 / (sqrtf(v * s.correction2) + a.epsilon);
  const float updated = w - s.learning_rate * (direction + s.weight_decay * w);
  a.m[i] = m;
  a.v[i] = v;
  a.parameter[i] = updated;
  if (a.parameter_bf16) a.parameter_bf16[i] = to_bf16_bits(updated);
}

__global__ void sgd_momentum(SgdArguments a) {
  const int64_t i = element_of_thread();
  const float scale = a.gradient_scale ? *a.gradient_scale : 1;
  if (i >= a.size || scale != scale) return;
  const OptimizerStretch& s = stretch_of(a.stretches, a.num_stretches, i);
  const float w = a.parameter[i], m = a.gradient[i] * scale + a.momentum * a.m[i];
  const float updated = w - s.learning_rate * (m + s.weight_decay * w);
  a.m[i] = m;
  a.parameter[i] = updated;
  if (a.parameter_bf16) a.parameter_bf16[i] = to_bf16_bits(updated);
}

__global__ void clip(ClipArguments a) {
  const double norm = sqrt(*a.squares);
  *a.norm = static_cast<float>(norm);
  const double factor = a.limit > 0 && norm >= a.limit ? a.limit / norm : 1;
  *a.scale = norm - norm == 0 ? static_cast<float>(factor) : __uint_as_float(0x7FC00000u);  // not finite: NaN
}

}  // namespace

cudaError_t launch_adamw(const AdamWArguments& a, cudaStream_t stream) {
  return a.size == 0 ? cudaSuccess : launch(adamw, thread_per_element(a.size), stream, a);
}

cudaError_t launch_sgd_momentum(const SgdArguments& a, cudaStream_t stream) {
  return a.size == 0 ? cudaSuccess : launch(sgd_momentum, thread_per_element(a.size), stream, a);
}

cudaError_t launch_clip(const ClipArguments& a, cudaStream_t stream) {
  return launch(clip, {dim3(1), dim3(1)}, stream, a);
}

}  // namespace moescope::cuda
