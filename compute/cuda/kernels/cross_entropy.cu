// One warp a row; the rows' losses are then added by one block in a fixed order.
#include "compute/cuda/kernels/cross_entropy.h"

#include <cmath>

#include "compute/cuda/kernels/device.cuh"

namespace moescope::cuda {
namespace {

/// loss = -sum t log p;  dlogit = p * sum(t) - t  (targets may be smoothed or mixed, so their sum is kept)
__device__ float softmax_row(const CrossEntropyArguments& a, int64_t at) {
  float largest = -INFINITY, sum = 0, target_sum = 0, loss = 0;
  for (int64_t c = threadIdx.x; c < a.classes; c += kWarp) largest = fmaxf(largest, a.logits[at + c]);
  largest = warp_max(largest);
  for (int64_t c = threadIdx.x; c < a.classes; c += kWarp) {
    sum += expf(a.logits[at + c] - largest);
    target_sum += a.targets[at + c];
  }
  const float log_sum = logf(warp_sum(sum));
  target_sum = warp_sum(target_sum);
  for (int64_t c = threadIdx.x; c < a.classes; c += kWarp) {
    const float log_p = a.logits[at + c] - largest - log_sum, t = a.targets[at + c];
    loss -= t * log_p;
    if (a.dlogits) a.dlogits[at + c] = a.gradient_scale * (expf(log_p) * target_sum - t);
  }
  return warp_sum(loss);
}

/// loss = sum softplus(l) - t l;  dlogit = sigmoid(l) - t
__device__ float sigmoid_row(const CrossEntropyArguments& a, int64_t at) {
  float loss = 0;
  for (int64_t c = threadIdx.x; c < a.classes; c += kWarp) {
    const float l = a.logits[at + c], t = a.targets[at + c];
    loss += (l < 0 ? 0 : l) + log1pf(expf(-fabsf(l))) - t * l;  // softplus that cannot overflow
    if (a.dlogits) a.dlogits[at + c] = a.gradient_scale * (1 / (1 + expf(-l)) - t);
  }
  return warp_sum(loss);
}

__device__ int32_t best_class(const CrossEntropyArguments& a, int64_t at) {
  uint64_t best = ~0ull;
  for (int64_t c = threadIdx.x; c < a.classes; c += kWarp) {
    const uint64_t key = descending_key(a.logits[at + c], c);
    best = key < best ? key : best;
  }
  return index_of_key(warp_min(best));
}

__global__ void row_losses(CrossEntropyArguments a) {
  const int64_t row = row_of_warp(), at = row * a.classes;
  if (row >= a.rows) return;
  if (a.predicted) {  // before the gradient overwrites the logits
    const int32_t best = best_class(a, at);
    if (threadIdx.x == 0) a.predicted[row] = best;
  }
  const float loss = a.kind == Loss::softmax ? softmax_row(a, at) : sigmoid_row(a, at);
  if (threadIdx.x == 0) a.row_loss[row] = loss;
}

__global__ void add_losses(const float* row_loss, int64_t rows, double* loss) {
  double sum = 0;
  for (int64_t i = threadIdx.x; i < rows; i += kWarp) sum += row_loss[i];
  sum = warp_sum(sum);
  if (threadIdx.x == 0) *loss = sum;
}

}  // namespace

cudaError_t launch_cross_entropy(const CrossEntropyArguments& a, cudaStream_t stream) {
  if (a.rows > 0) MOESCOPE_LAUNCH(launch(row_losses, warp_per_row(a.rows), stream, a));
  return launch(add_losses, {dim3(1), dim3(kWarp)}, stream, a.row_loss, a.rows, a.loss);
}

}  // namespace moescope::cuda
