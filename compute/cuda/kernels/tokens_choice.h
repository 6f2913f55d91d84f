// Tokens Choice's assignment by prefix sums, on a GPU: each token's choices take places in their experts' buffers, in
// token order or by Batch Priority. No atomics: the same places on every run and on the CPU. Twin of
// compute/moe/tokens_choice; NUMERICS 2.3 and 2.5.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

#include "compute/cuda/kernels/slots.h"

namespace moescope::cuda {

/// gates (T,E); expert (T,K) from launch_gate. Groups of group_tokens consecutive tokens, the last may be shorter and
/// then has last_capacity. place (T,K) overwritten: the place in the expert's buffer, >= capacity: dropped. slots:
/// token, weight and token_slots overwritten; slots.choices = K. bpr: tokens in order of their best gate, descending.
/// load (G,E), or null: tokens that wanted the expert. workspace: tokens_choice_workspace_bytes().
struct TokensChoiceArguments {
  const float* gates;
  const int32_t* expert;
  int32_t* place;
  int32_t* load;
  SlotTable slots;
  ExpertsOff off;
  int64_t k, group_tokens, last_capacity;
  bool bpr;
  void* workspace;
};
int64_t tokens_choice_workspace_bytes(int64_t tokens, int64_t group_tokens, int64_t experts, int64_t k, bool bpr);
cudaError_t launch_tokens_choice(const TokensChoiceArguments& a, cudaStream_t stream);

}  // namespace moescope::cuda
