// What a look at a running model changes in a routing, on a GPU: forced patches, and which experts an input keeps. Twin
// of compute/moe/intervention; for counterfactuals beside the training step.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "compute/cuda/kernels/slots.h"

namespace moescope::cuda {

/// One patch of every image forced to an expert in one layer. first: its token in the first image; images stand
/// `image_tokens` apart.
struct ForcedPatch {
  int64_t layer, first, expert;
};

/// gates (T,E): of each token that is forced in `layer` the gate of its expert changes places with its largest one.
/// Patches in order, one after the other: a token may be forced twice. forced (num_forced) in device memory.
struct ForceGatesArguments {
  float* gates;
  const ForcedPatch* forced;
  int64_t tokens, experts, image_tokens, num_forced, layer;
};
cudaError_t launch_force_gates(const ForceGatesArguments& a, cudaStream_t stream);

/// combine (T,E*slots): a forced token's weights become 0 but for those of its expert, which then sum to 1.
struct ForceCombineArguments {
  float* combine;
  const ForcedPatch* forced;
  int64_t tokens, experts, slots, image_tokens, num_forced, layer;
};
cudaError_t launch_force_combine(const ForceCombineArguments& a, cudaStream_t stream);

/// combine (T,E*slots): the weights of experts that are off for a token's input become 0, as if their slots held zeros.
struct DropCombineArguments {
  float* combine;
  ExpertsOff off;
  int64_t tokens, experts, slots;
};
cudaError_t launch_drop_combine(const DropCombineArguments& a, cudaStream_t stream);

enum class KeptBy : int { combine, load };

/// unit_off (U,E) u8 overwritten: 1 for all but the `kept` experts that rank first for each input of unit_tokens
/// tokens, by the sum of its tokens' weights (combine) or by how many of them have their largest there (load), then by
/// the sum; ties to the lower expert. weights (T,E*slots): gates with slots 1, or Soft MoE's combine weights.
/// expert_off (E) u8 or null: never kept. E <= 1024.
struct ChooseKeptArguments {
  const float* weights;
  const uint8_t* expert_off;
  uint8_t* unit_off;
  KeptBy by;
  int64_t tokens, experts, slots, unit_tokens, kept;
};
cudaError_t launch_choose_kept(const ChooseKeptArguments& a, cudaStream_t stream);

}  // namespace moescope::cuda
