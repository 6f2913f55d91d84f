// Experts Choice's assignment, on a GPU: each expert takes its C best tokens of a group, ties to the lower token. Twin
// of compute/moe/experts_choice; NUMERICS 3.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "compute/cuda/kernels/slots.h"

namespace moescope::cuda {

/// gates (T,E). chosen (G,E,C) overwritten: tokens within the group, best first, -1: none. slots: all overwritten;
/// slots.choices = E. The last group may be shorter and then takes last_capacity. workspace:
/// experts_choice_workspace_bytes().
struct ExpertsChoiceArguments {
  const float* gates;
  int32_t* chosen;
  SlotTable slots;
  ExpertsOff off;
  int64_t group_tokens, last_capacity;
  void* workspace;
};
int64_t experts_choice_workspace_bytes(int64_t groups, int64_t group_tokens, int64_t experts);
cudaError_t launch_experts_choice(const ExpertsChoiceArguments& a, cudaStream_t stream);

}  // namespace moescope::cuda
