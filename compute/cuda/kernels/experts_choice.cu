// Each expert's column of gates is sorted as keys; the first C are its tokens.
#include "compute/cuda/kernels/experts_choice.h"

#include "compute/cuda/kernels/slot_table.cuh"
#include "compute/cuda/kernels/sort.h"

namespace moescope::cuda {
namespace {

/// keys (G,E,S). grid (tokens of a group, E, G). A short last group's missing tokens come last.
__global__ void column_keys(ExpertsChoiceArguments a, uint64_t* keys) {
  const int64_t i = element_of_thread();
  if (i >= a.group_tokens) return;
  const int64_t e = blockIdx.y, group = blockIdx.z, token = group * a.group_tokens + i;
  keys[(group * a.slots.experts + e) * a.group_tokens + i] =
      token < a.slots.tokens ? descending_key(a.gates[token * a.slots.experts + e], i)
                             : 0xFFFFFFFF00000000ull | static_cast<uint64_t>(i);
}

/// One thread a slot, in the order (G,E,C).
__global__ void take_best(ExpertsChoiceArguments a, const uint64_t* keys) {
  const int64_t i = element_of_thread();
  if (i >= slots_in(a.slots)) return;
  const int64_t place = i % a.slots.capacity, column = i / a.slots.capacity;  // column: (G,E)
  const int64_t e = column % a.slots.experts, group = column / a.slots.experts;
  if (place >= (group + 1 < a.slots.groups ? a.slots.capacity : a.last_capacity)) {
    a.chosen[i] = -1;
    return;
  }
  const int32_t within = index_of_key(keys[column * a.group_tokens + place]);
  a.chosen[i] = within;
  const int64_t first = group * a.group_tokens, token = first + within;
  if (is_off(a.off, a.slots.experts, e, first)) return;  // kept experts are an input's, and an input is a group
  const int64_t slot = slot_of(a.slots, e, group, place);
  a.slots.token[slot] = static_cast<int32_t>(token);
  a.slots.weight[slot] = a.gates[token * a.slots.experts + e];
  a.slots.token_slots[token * a.slots.experts + e] = static_cast<int32_t>(slot);
}

}  // namespace

int64_t experts_choice_workspace_bytes(int64_t groups, int64_t group_tokens, int64_t experts) {
  return 2 * groups * group_tokens * experts * 8;
}

cudaError_t launch_experts_choice(const ExpertsChoiceArguments& a, cudaStream_t stream) {
  if (a.slots.tokens == 0) return cudaSuccess;
  if (a.slots.choices != a.slots.experts || a.slots.capacity > a.group_tokens) return cudaErrorInvalidValue;
  auto* keys = static_cast<uint64_t*>(a.workspace);
  const int64_t segments = a.slots.groups * a.slots.experts;
  MOESCOPE_LAUNCH(launch_empty_slots(a.slots, stream));
  const dim3 grid(blocks_for(a.group_tokens, kThreads), static_cast<unsigned>(a.slots.experts),
                  static_cast<unsigned>(a.slots.groups));
  MOESCOPE_LAUNCH(launch(column_keys, {grid, dim3(kThreads)}, stream, a, keys));
  MOESCOPE_LAUNCH(launch_sort({keys, keys + segments * a.group_tokens, segments, a.group_tokens}, stream));
  return launch(take_best, thread_per_element(a.slots.num_slots()), stream, a, keys);
}

}  // namespace moescope::cuda
