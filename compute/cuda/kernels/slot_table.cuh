// What both assignments do with the slot table: who is off, which slot a place is, emptying it.
#pragma once

#include "compute/cuda/kernels/device.cuh"
#include "compute/cuda/kernels/slots.h"

namespace moescope::cuda {

__device__ inline bool is_off(const ExpertsOff& off, int64_t experts, int64_t expert, int64_t token) {
  if (off.expert && off.expert[expert] != 0) return true;
  return off.unit && off.unit[token / off.unit_tokens * experts + expert] != 0;
}

__device__ inline int64_t slot_of(const SlotTable& s, int64_t expert, int64_t group, int64_t place) {
  return (expert * s.groups + group) * s.capacity + place;
}

__device__ inline int64_t slots_in(const SlotTable& s) { return s.experts * s.groups * s.capacity; }

/// Tokens of a group: full, but for the last.
__host__ __device__ inline int64_t group_size(const SlotTable& s, int64_t group_tokens, int64_t group) {
  return smaller(group_tokens, s.tokens - group * group_tokens);
}

/// All slots empty, no token in any.
static __global__ void empty_slots(SlotTable s) {
  const int64_t i = element_of_thread();
  if (i < slots_in(s)) {
    s.token[i] = -1;
    s.weight[i] = 0;
  }
  if (i < s.tokens * s.choices) s.token_slots[i] = -1;
}

inline cudaError_t launch_empty_slots(const SlotTable& s, cudaStream_t stream) {
  const int64_t slots = s.num_slots(), listed = s.tokens * s.choices;
  return launch(empty_slots, thread_per_element(slots > listed ? slots : listed), stream, s);
}

}  // namespace moescope::cuda
