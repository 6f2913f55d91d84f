// Softmax over the last axis, on a GPU. Twin of compute/ops/softmax.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

namespace moescope::cuda {

/// x, y (rows,columns); y may be x.
struct SoftmaxArguments {
  const float* x;
  float* y;
  int64_t rows, columns;
};
cudaError_t launch_softmax(const SoftmaxArguments& a, cudaStream_t stream);

/// dx = y * (dy - rowsum(y * dy)); dx may be dy.
struct SoftmaxBackwardArguments {
  const float *y, *dy;
  float* dx;
  int64_t rows, columns;
};
cudaError_t launch_softmax_backward(const SoftmaxBackwardArguments& a, cudaStream_t stream);

}  // namespace moescope::cuda
