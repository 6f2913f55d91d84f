// One warp a token: the row of logits is read once, each lane keeps to its own columns.
#include "compute/cuda/kernels/gate.h"

#include <cmath>

#include "compute/cuda/kernels/device.cuh"

namespace moescope::cuda {
namespace {

/// Softmax of a row by a warp. A lane reads only what it has written itself or what nobody writes.
__device__ void softmax_row(const float* x, float* y, int64_t n) {
  float largest = -INFINITY, sum = 0;
  for (int64_t i = threadIdx.x; i < n; i += kWarp) largest = x[i] > largest ? x[i] : largest;
  largest = warp_max(largest);
  for (int64_t i = threadIdx.x; i < n; i += kWarp) sum += expf(x[i] - largest);
  const float inverse = 1 / warp_sum(sum);
  for (int64_t i = threadIdx.x; i < n; i += kWarp) y[i] = expf(x[i] - largest) * inverse;
}

/// The k best of a row, best first: the smallest key above the last one, k times. Keys are unique, so nothing has to be
/// marked as taken.
__device__ void best_of_row(const float* gates, int64_t n, int64_t k, int32_t* expert) {
  uint64_t last = 0;
  for (int64_t choice = 0; choice < k; ++choice) {
    uint64_t best = ~0ull;
    for (int64_t i = threadIdx.x; i < n; i += kWarp) {
      const uint64_t key = descending_key(gates[i], i);
      if ((choice == 0 || key > last) && key < best) best = key;
    }
    last = warp_min(best);
    if (threadIdx.x == 0) expert[choice] = index_of_key(last);
  }
}

__global__ void gate_tokens(GateArguments a) {
  const int64_t token = row_of_warp(), n = a.experts, at = token * n;
  if (token >= a.tokens) return;
  for (int64_t i = threadIdx.x; i < n; i += kWarp) {
    const float logit = a.logits[at + i] * a.scale;
    a.logits[at + i] = logit;
    if (a.noise) a.noisy_logits[at + i] = logit + a.deviation * a.noise[at + i];
  }
  softmax_row(a.logits + at, a.clean_gates + at, n);
  if (a.noise) softmax_row(a.noisy_logits + at, a.gates + at, n);
  if (a.expert) best_of_row((a.noise ? a.gates : a.clean_gates) + at, n, a.k, a.expert + token * a.k);
}

__global__ void top_k_tokens(TopKArguments a) {
  const int64_t token = row_of_warp();
  if (token >= a.tokens) return;
  best_of_row(a.gates + token * a.experts, a.experts, a.k, a.expert + token * a.k);
}

// compute/core/rng.cpp's SplitMix64 and compute/moe/router_noise.cpp's pairing: the same counters, the same draws.
constexpr uint64_t kGolden = 0x9E3779B97F4A7C15ull, kRouterNoise = 4;
constexpr int64_t kStretch = 1024, kHalf = kStretch / 2;

__device__ uint64_t mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
  return z ^ (z >> 31);
}

__device__ uint64_t stream_key(uint64_t seed, uint64_t stretch) {
  uint64_t key = mix(seed + kGolden);
  key = mix(key ^ (kRouterNoise * kGolden + kGolden));
  key = mix(key ^ (stretch * kGolden + kGolden));
  return mix(key ^ kGolden);  // part 0
}

__global__ void draw_noise(RouterNoiseArguments a) {
  const int64_t i = element_of_thread();
  if (i >= a.size) return;
  const int64_t within = i % kStretch;
  const auto pair = static_cast<uint64_t>(within % kHalf);
  const uint64_t bits = mix(stream_key(*a.seed, static_cast<uint64_t>(i / kStretch)) + (pair + 1) * kGolden);
  constexpr float kUnit = 1.0f / (1 << 24);
  const float radius = sqrtf(-2 * logf(static_cast<float>((bits >> 40) + 1) * kUnit));
  const float half_turns = 2 * kUnit * static_cast<float>(bits >> 8 & 0xFFFFFF);
  a.out[i] = radius * (within < kHalf ? cospif(half_turns) : sinpif(half_turns));
}

}  // namespace

cudaError_t launch_gate(const GateArguments& a, cudaStream_t stream) {
  if (a.experts < 1 || a.experts > kMostGateExperts || (a.expert && (a.k < 1 || a.k > a.experts)))
    return cudaErrorInvalidValue;
  return a.tokens == 0 ? cudaSuccess : launch(gate_tokens, warp_per_row(a.tokens), stream, a);
}

cudaError_t launch_top_k(const TopKArguments& a, cudaStream_t stream) {
  if (a.experts < 1 || a.experts > kMostGateExperts || a.k < 1 || a.k > a.experts) return cudaErrorInvalidValue;
  return a.tokens == 0 ? cudaSuccess : launch(top_k_tokens, warp_per_row(a.tokens), stream, a);
}

cudaError_t launch_router_noise(const RouterNoiseArguments& a, cudaStream_t stream) {
  return a.size == 0 ? cudaSuccess : launch(draw_noise, thread_per_element(a.size), stream, a);
}

}  // namespace moescope::cuda
