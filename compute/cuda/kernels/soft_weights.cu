// Dispatch first, combine second, because combine may overwrite the logits. Columns of a group: a block takes 32
// neighbouring slots with eight threads each. Rows: a warp each.
#include "compute/cuda/kernels/soft_weights.h"

#include <cfloat>

#include "compute/cuda/kernels/device.cuh"

namespace moescope::cuda {
namespace {

constexpr unsigned kColumnLanes = 8;

/// The logit of a token that takes part, the smallest float of one that does not.
__device__ float logit_of(const SoftWeightsArguments& a, int64_t token, int64_t slot) {
  if (a.mask && a.mask[token] == 0) return -FLT_MAX;
  return a.scale * a.logits[token * a.slots + slot];
}

struct Softened {
  float largest, sum;
};

/// Joins the eight threads' largest values and sums of a column; every one of them gets the whole.
__device__ Softened join(Softened own) {
  MOESCOPE_SHARED(Softened, parts, [kColumnLanes][kWarp]);
  parts[threadIdx.y][threadIdx.x] = own;
  __syncthreads();
  Softened all = parts[0][threadIdx.x];
  for (unsigned lane = 1; lane < kColumnLanes; ++lane)
    all.largest = fmaxf(all.largest, parts[lane][threadIdx.x].largest);
  all.sum = 0;
  for (unsigned lane = 0; lane < kColumnLanes; ++lane) {
    const Softened& part = parts[lane][threadIdx.x];
    all.sum += part.sum > 0 ? part.sum * expf(part.largest - all.largest) : part.sum;  // a NaN comes through
  }
  return all;
}

__global__ void dispatch_weights(SoftWeightsArguments a) {
  const int64_t slot = static_cast<int64_t>(blockIdx.x) * kWarp + threadIdx.x, first = blockIdx.y * a.tokens;
  const int64_t end = slot < a.slots ? first + a.tokens : first;
  Softened own{-FLT_MAX, 0};
  for (int64_t t = first + threadIdx.y; t < end; t += kColumnLanes) {
    const float z = logit_of(a, t, slot);
    if (z > own.largest) {
      own.sum *= expf(own.largest - z);
      own.largest = z;
    }
    own.sum += expf(z - own.largest);
  }
  const Softened all = join(own);
  for (int64_t t = first + threadIdx.y; t < end; t += kColumnLanes)
    a.dispatch[t * a.slots + slot] = expf(logit_of(a, t, slot) - all.largest) / all.sum;
}

__global__ void combine_weights(SoftWeightsArguments a) {
  const int64_t token = row_of_warp();
  if (token >= a.groups * a.tokens) return;
  float largest = -FLT_MAX, sum = 0;
  for (int64_t s = threadIdx.x; s < a.slots; s += kWarp) largest = fmaxf(largest, logit_of(a, token, s));
  largest = warp_max(largest);
  for (int64_t s = threadIdx.x; s < a.slots; s += kWarp) sum += expf(logit_of(a, token, s) - largest);
  const float inverse = 1 / warp_sum(sum);
  for (int64_t s = threadIdx.x; s < a.slots; s += kWarp)
    a.combine[token * a.slots + s] = expf(logit_of(a, token, s) - largest) * inverse;
}

/// workspace (groups,slots): sum over the group's tokens of dispatch * ddispatch.
__global__ void dispatch_dots(SoftWeightsBackwardArguments a) {
  MOESCOPE_SHARED(float, parts, [kColumnLanes][kWarp]);
  const int64_t slot = static_cast<int64_t>(blockIdx.x) * kWarp + threadIdx.x, first = blockIdx.y * a.tokens;
  const int64_t end = slot < a.slots ? first + a.tokens : first;
  float dot = 0;
  for (int64_t t = first + threadIdx.y; t < end; t += kColumnLanes)
    dot += a.dispatch[t * a.slots + slot] * a.ddispatch[t * a.slots + slot];
  parts[threadIdx.y][threadIdx.x] = dot;
  __syncthreads();
  if (threadIdx.y != 0 || slot >= a.slots) return;
  for (unsigned lane = 1; lane < kColumnLanes; ++lane) dot += parts[lane][threadIdx.x];
  a.workspace[blockIdx.y * a.slots + slot] = dot;
}

__global__ void logit_gradients(SoftWeightsBackwardArguments a) {
  const int64_t token = row_of_warp();
  if (token >= a.groups * a.tokens) return;
  const int64_t at = token * a.slots;
  const bool masked = a.mask && a.mask[token] == 0;
  float dot = 0;
  for (int64_t s = threadIdx.x; s < a.slots; s += kWarp) dot += a.combine[at + s] * a.dcombine[at + s];
  dot = warp_sum(dot);
  const float* dots = a.workspace + token / a.tokens * a.slots;
  for (int64_t s = threadIdx.x; s < a.slots; s += kWarp) {
    const float gradient =
        a.combine[at + s] * (a.dcombine[at + s] - dot) + a.dispatch[at + s] * (a.ddispatch[at + s] - dots[s]);
    a.dlogits[at + s] = masked ? 0 : a.scale * gradient;
  }
}

__global__ void fix_weights(FixWeightsArguments a) {
  const int64_t i = element_of_thread();
  if (i >= a.groups * a.tokens * a.slots) return;
  const Position p = position_of(i, a.slots);
  const unsigned token = p.row % static_cast<unsigned>(a.tokens);
  a.weights[i] = a.identity ? (token == p.column ? 1.0f : 0.0f) : a.value;
}

LaunchShape block_per_slots(int64_t groups, int64_t slots, const char* file = __builtin_FILE(),
                            int line = __builtin_LINE()) {
  return {dim3(blocks_for(slots, kWarp), static_cast<unsigned>(groups)), dim3(kWarp, kColumnLanes), 0, file, line};
}

}  // namespace

cudaError_t launch_soft_weights(const SoftWeightsArguments& a, cudaStream_t stream) {
  if (a.groups * a.tokens * a.slots == 0) return cudaSuccess;
  MOESCOPE_LAUNCH(launch(dispatch_weights, block_per_slots(a.groups, a.slots), stream, a));
  return launch(combine_weights, warp_per_row(a.groups * a.tokens), stream, a);
}

int64_t soft_weights_workspace_floats(int64_t groups, int64_t slots) { return groups * slots; }

cudaError_t launch_soft_weights_backward(const SoftWeightsBackwardArguments& a, cudaStream_t stream) {
  if (a.groups * a.tokens * a.slots == 0) return cudaSuccess;
  MOESCOPE_LAUNCH(launch(dispatch_dots, block_per_slots(a.groups, a.slots), stream, a));
  return launch(logit_gradients, warp_per_row(a.groups * a.tokens), stream, a);
}

cudaError_t launch_fix_weights(const FixWeightsArguments& a, cudaStream_t stream) {
  const int64_t size = a.groups * a.tokens * a.slots;
  if (size == 0) return cudaSuccess;
  if (!fits_positions(size)) return cudaErrorInvalidValue;
  return launch(fix_weights, thread_per_element(size), stream, a);
}

}  // namespace moescope::cuda
