// The gate of a sparse router in one pass: noise, softmax of the clean and of the noisy logits, and the k best experts,
// on a GPU. Twin of SparseRouter::forward and top_k (compute/moe); NUMERICS 2.1 to 2.3.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

namespace moescope::cuda {

inline constexpr int64_t kMostGateExperts = 1024;

/// logits (T,E): read, multiplied by `scale` (1 / temperature) and written back. noise (T,E), standard normal draws, or
/// null: then noisy_logits and gates may be null too, and the experts are chosen by the clean gates.
/// noisy_logits = logits + deviation * noise. clean_gates, gates (T,E): softmax of the clean and the noisy logits.
/// expert (T,K): the experts with the largest gates, best first, ties to the lower index; null: none are chosen
/// (Experts Choice). E <= kMostGateExperts, K <= E; otherwise cudaErrorInvalidValue.
struct GateArguments {
  float* logits;
  const float* noise;
  float *noisy_logits, *clean_gates, *gates;
  int32_t* expert;
  int64_t tokens, experts, k;
  float deviation, scale;
};
cudaError_t launch_gate(const GateArguments& a, cudaStream_t stream);

/// The k best of each row of gates alone, for gates that something else has changed (interventions).
struct TopKArguments {
  const float* gates;
  int32_t* expert;
  int64_t tokens, experts, k;
};
cudaError_t launch_top_k(const TopKArguments& a, cudaStream_t stream);

/// out[i] = the standard normal draws of compute/moe's add_router_noise, from the same counters: *seed (device memory,
/// so that a captured graph can be replayed with another) is Rng(pass.seed, router_noise, step,
/// part*1024+layer).bits().
struct RouterNoiseArguments {
  const uint64_t* seed;
  float* out;
  int64_t size;
};
cudaError_t launch_router_noise(const RouterNoiseArguments& a, cudaStream_t stream);

}  // namespace moescope::cuda
