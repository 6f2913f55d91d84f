// One warp a row, three passes: largest, sum, quotient; the row comes from the cache after the first.
#include "compute/cuda/kernels/softmax.h"

#include <cmath>

#include "compute/cuda/kernels/device.cuh"

namespace moescope::cuda {
namespace {

__global__ void softmax_rows(SoftmaxArguments a) {
  const int64_t row = row_of_warp();
  if (row >= a.rows) return;
  const float* x = a.x + row * a.columns;
  float* y = a.y + row * a.columns;
  float largest = -INFINITY, sum = 0;  // not x[0]: y may be x, and another lane may have written it
  for (int64_t i = threadIdx.x; i < a.columns; i += kWarp) largest = x[i] > largest ? x[i] : largest;
  largest = warp_max(largest);
  for (int64_t i = threadIdx.x; i < a.columns; i += kWarp) sum += expf(x[i] - largest);
  const float inverse = 1 / warp_sum(sum);
  for (int64_t i = threadIdx.x; i < a.columns; i += kWarp) y[i] = expf(x[i] - largest) * inverse;
}

__global__ void softmax_rows_backward(SoftmaxBackwardArguments a) {
  const int64_t row = row_of_warp();
  if (row >= a.rows) return;
  const int64_t at = row * a.columns;
  float dot = 0;
  for (int64_t i = threadIdx.x; i < a.columns; i += kWarp) dot += a.y[at + i] * a.dy[at + i];
  dot = warp_sum(dot);
  for (int64_t i = threadIdx.x; i < a.columns; i += kWarp) a.dx[at + i] = a.y[at + i] * (a.dy[at + i] - dot);
}

}  // namespace

cudaError_t launch_softmax(const SoftmaxArguments& a, cudaStream_t stream) {
  if (a.rows == 0 || a.columns == 0) return cudaSuccess;
  return launch(softmax_rows, warp_per_row(a.rows), stream, a);
}

cudaError_t launch_softmax_backward(const SoftmaxBackwardArguments& a, cudaStream_t stream) {
  if (a.rows == 0 || a.columns == 0) return cudaSuccess;
  return launch(softmax_rows_backward, warp_per_row(a.rows), stream, a);
}

}  // namespace moescope::cuda
