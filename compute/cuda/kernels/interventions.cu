// A few tokens and experts: plain threads, sums in double as on the CPU, so that ranks agree.
#include "compute/cuda/kernels/interventions.h"

#include "compute/cuda/kernels/device.cuh"
#include "compute/cuda/kernels/slot_table.cuh"

namespace moescope::cuda {
namespace {

constexpr int64_t kMostExperts = 1024;

/// One thread an image; its forced patches in order.
__global__ void force_gates(ForceGatesArguments a) {
  const int64_t image = element_of_thread() * a.image_tokens;
  if (image >= a.tokens) return;
  for (int64_t i = 0; i < a.num_forced; ++i) {
    if (a.forced[i].layer != a.layer || image + a.forced[i].first >= a.tokens) continue;
    float* gates = a.gates + (image + a.forced[i].first) * a.experts;
    int64_t best = 0;
    for (int64_t e = 1; e < a.experts; ++e)
      if (gates[e] > gates[best]) best = e;
    const float own = gates[a.forced[i].expert];
    gates[a.forced[i].expert] = gates[best];
    gates[best] = own;
  }
}

__global__ void force_combine(ForceCombineArguments a) {
  const int64_t image = element_of_thread() * a.image_tokens;
  if (image >= a.tokens) return;
  for (int64_t i = 0; i < a.num_forced; ++i) {
    if (a.forced[i].layer != a.layer || image + a.forced[i].first >= a.tokens) continue;
    float* row = a.combine + (image + a.forced[i].first) * a.experts * a.slots;
    const int64_t begin = a.forced[i].expert * a.slots, end = begin + a.slots;
    float sum = 0;
    for (int64_t s = begin; s < end; ++s) sum += row[s];
    for (int64_t s = 0; s < a.experts * a.slots; ++s) {
      const bool own = s >= begin && s < end;
      // weights so small that they underflowed say nothing about proportions
      row[s] = !own ? 0 : sum > 0 ? row[s] / sum : 1 / static_cast<float>(a.slots);
    }
  }
}

__global__ void drop_combine(DropCombineArguments a) {
  const int64_t i = element_of_thread(), columns = a.experts * a.slots;
  if (i >= a.tokens * columns) return;
  const Position p = position_of(i, columns);
  if (is_off(a.off, a.experts, p.column / a.slots, p.row)) a.combine[i] = 0;
}

/// A token's standing with an expert.
__device__ double standing(const ChooseKeptArguments& a, int64_t token, int64_t e) {
  const float* row = a.weights + (token * a.experts + e) * a.slots;
  double sum = 0;
  for (int64_t s = 0; s < a.slots; ++s) sum += row[s];
  return sum;
}

__device__ int64_t best_expert(const ChooseKeptArguments& a, int64_t token) {
  int64_t best = 0;
  double largest = standing(a, token, 0);
  for (int64_t e = 1; e < a.experts; ++e)
    if (const double one = standing(a, token, e); one > largest) best = e, largest = one;
  return best;
}

/// One block an input. An expert's thread adds up its standing; an expert is kept when fewer than `kept` rank before
/// it.
__global__ void choose_kept(ChooseKeptArguments a) {
  MOESCOPE_SHARED(double, score, [kMostExperts]);
  MOESCOPE_SHARED(double, sum, [kMostExperts]);
  const int64_t first = blockIdx.x * a.unit_tokens, last = smaller(first + a.unit_tokens, a.tokens);
  for (int64_t e = threadIdx.x; e < a.experts; e += kThreads) {
    double total = 0, best = 0;
    for (int64_t t = first; t < last; ++t) total += standing(a, t, e);
    if (a.by == KeptBy::load)
      for (int64_t t = first; t < last; ++t) best += best_expert(a, t) == e ? 1 : 0;
    sum[e] = total;
    score[e] = a.by == KeptBy::load ? best : total;
  }
  __syncthreads();
  for (int64_t e = threadIdx.x; e < a.experts; e += kThreads) {
    int64_t before = 0;
    for (int64_t other = 0; other < a.experts; ++other) {
      if (other == e || (a.expert_off && a.expert_off[other] != 0)) continue;
      const bool equal = score[other] == score[e] && sum[other] == sum[e];
      const bool ahead = score[other] != score[e] ? score[other] > score[e] : sum[other] > sum[e];
      before += ahead || (equal && other < e) ? 1 : 0;
    }
    a.unit_off[blockIdx.x * a.experts + e] = before >= a.kept || (a.expert_off && a.expert_off[e] != 0) ? 1 : 0;
  }
}

LaunchShape thread_per_image(int64_t tokens, int64_t image_tokens, const char* file = __builtin_FILE(),
                             int line = __builtin_LINE()) {
  return thread_per_element((tokens + image_tokens - 1) / image_tokens, file, line);
}

}  // namespace

cudaError_t launch_force_gates(const ForceGatesArguments& a, cudaStream_t stream) {
  if (a.tokens * a.num_forced == 0) return cudaSuccess;
  return launch(force_gates, thread_per_image(a.tokens, a.image_tokens), stream, a);
}

cudaError_t launch_force_combine(const ForceCombineArguments& a, cudaStream_t stream) {
  if (a.tokens * a.num_forced == 0) return cudaSuccess;
  return launch(force_combine, thread_per_image(a.tokens, a.image_tokens), stream, a);
}

cudaError_t launch_drop_combine(const DropCombineArguments& a, cudaStream_t stream) {
  const int64_t size = a.tokens * a.experts * a.slots;
  if (size == 0) return cudaSuccess;
  if (!fits_positions(size)) return cudaErrorInvalidValue;
  return launch(drop_combine, thread_per_element(size), stream, a);
}

cudaError_t launch_choose_kept(const ChooseKeptArguments& a, cudaStream_t stream) {
  if (a.tokens == 0) return cudaSuccess;
  if (a.experts > kMostExperts) return cudaErrorInvalidValue;
  return launch(choose_kept, {dim3(blocks_for(a.tokens, a.unit_tokens)), dim3(kThreads)}, stream, a);
}

}  // namespace moescope::cuda
