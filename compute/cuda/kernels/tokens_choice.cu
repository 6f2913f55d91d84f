// A group's choices in a row, all first ones before any second one; a place is the number of earlier choices of the
// same expert. Counted per stretch of the row, then added up: thread e walks a stretch for expert e, so nothing is
// shared.
#include "compute/cuda/kernels/tokens_choice.h"

#include "compute/cuda/kernels/gate.h"
#include "compute/cuda/kernels/slot_table.cuh"
#include "compute/cuda/kernels/sort.h"

namespace moescope::cuda {
namespace {

constexpr int64_t kStretch = 256;  // choices that a block walks

struct Layout {
  int64_t stretches;  // of a full group
  uint64_t *keys, *scratch;
  int32_t* begin;  // (G,stretches,E) choices of the expert before the stretch
};

int64_t stretches_of_group(int64_t group_tokens, int64_t k) { return blocks_for(group_tokens * k, kStretch); }
int64_t num_groups(int64_t tokens, int64_t group_tokens) { return (tokens + group_tokens - 1) / group_tokens; }

/// Keys of a group's tokens by their best gate; of tokens that a short last group lacks, keys that come last.
__global__ void priority_keys(TokensChoiceArguments a, uint64_t* keys) {
  const int64_t i = element_of_thread();
  if (i >= a.group_tokens) return;
  const int64_t group = blockIdx.y, token = group * a.group_tokens + i;
  keys[token] = token < a.slots.tokens ? descending_key(a.gates[token * a.slots.experts + a.expert[token * a.k]], i)
                                       : 0xFFFFFFFF00000000ull | static_cast<uint64_t>(i);
}

/// Choice number n of a group: n / size of the token that is n % size in line.
struct Choice {
  int64_t token, at;  // at: in (T,K)
};
__device__ Choice choice_of(const TokensChoiceArguments& a, const uint64_t* keys, int64_t group, int64_t n) {
  const int64_t size = group_size(a.slots, a.group_tokens, group), first = group * a.group_tokens, line = n % size;
  const int64_t token = first + (keys ? index_of_key(keys[first + line]) : line);
  return {token, token * a.k + n / size};
}

/// Experts of the block's stretch of choices into shared memory, -1 beyond the group's last. grid (stretches, groups)
__device__ void load_experts(const TokensChoiceArguments& a, const uint64_t* keys, int32_t* experts, int64_t* at) {
  const int64_t group = blockIdx.y, choices = group_size(a.slots, a.group_tokens, group) * a.k;
  for (int64_t i = threadIdx.x; i < kStretch; i += blockDim.x) {
    const int64_t n = blockIdx.x * kStretch + i;
    const Choice c = n < choices ? choice_of(a, keys, group, n) : Choice{-1, -1};
    experts[i] = c.at < 0 ? -1 : a.expert[c.at];
    if (at) at[i] = c.at;
  }
  __syncthreads();
}

__global__ void count_choices(TokensChoiceArguments a, Layout layout) {
  MOESCOPE_SHARED(int32_t, experts, [kStretch]);
  load_experts(a, layout.keys, experts, nullptr);
  for (int64_t e = threadIdx.x; e < a.slots.experts; e += blockDim.x) {
    int32_t count = 0;
    for (int64_t i = 0; i < kStretch; ++i) count += experts[i] == e ? 1 : 0;
    layout.begin[(blockIdx.y * layout.stretches + blockIdx.x) * a.slots.experts + e] = count;
  }
}

/// Counts become beginnings.
__global__ void add_up_counts(TokensChoiceArguments a, Layout layout) {
  const int64_t i = element_of_thread(), experts = a.slots.experts;
  if (i >= a.slots.groups * experts) return;
  const int64_t group = i / experts, e = i % experts;
  int32_t sum = 0;
  for (int64_t s = 0; s < layout.stretches; ++s) {
    int32_t& one = layout.begin[(group * layout.stretches + s) * experts + e];
    const int32_t count = one;
    one = sum;
    sum += count;
  }
  if (a.load) a.load[i] = sum;
}

__device__ void take_place(const TokensChoiceArguments& a, int64_t group, int64_t e, int64_t at, int32_t place) {
  const int64_t token = at / a.k, capacity = group + 1 < a.slots.groups ? a.slots.capacity : a.last_capacity;
  a.place[at] = place;
  if (place >= capacity || is_off(a.off, a.slots.experts, e, token)) return;
  const int64_t slot = slot_of(a.slots, e, group, place);
  a.slots.token[slot] = static_cast<int32_t>(token);
  a.slots.weight[slot] = a.gates[token * a.slots.experts + e];
  a.slots.token_slots[at] = static_cast<int32_t>(slot);
}

__global__ void take_places(TokensChoiceArguments a, Layout layout) {
  MOESCOPE_SHARED(int32_t, experts, [kStretch]);
  MOESCOPE_SHARED(int64_t, at, [kStretch]);
  load_experts(a, layout.keys, experts, at);
  for (int64_t e = threadIdx.x; e < a.slots.experts; e += blockDim.x) {
    int32_t place = layout.begin[(blockIdx.y * layout.stretches + blockIdx.x) * a.slots.experts + e];
    for (int64_t i = 0; i < kStretch; ++i)
      if (experts[i] == e) take_place(a, blockIdx.y, e, at[i], place++);
  }
}

Layout layout_of(const TokensChoiceArguments& a) {
  const int64_t keys = a.bpr ? a.slots.groups * a.group_tokens : 0;
  auto* words = static_cast<uint64_t*>(a.workspace);
  return {stretches_of_group(a.group_tokens, a.k), a.bpr ? words : nullptr, words + keys,
          reinterpret_cast<int32_t*>(words + 2 * keys)};
}

}  // namespace

int64_t tokens_choice_workspace_bytes(int64_t tokens, int64_t group_tokens, int64_t experts, int64_t k, bool bpr) {
  const int64_t groups = num_groups(tokens, group_tokens), keys = bpr ? groups * group_tokens : 0;
  return 2 * keys * 8 + groups * stretches_of_group(group_tokens, k) * experts * 4;
}

cudaError_t launch_tokens_choice(const TokensChoiceArguments& a, cudaStream_t stream) {
  if (a.slots.tokens == 0) return cudaSuccess;
  if (a.slots.experts > kMostGateExperts || a.slots.choices != a.k ||
      a.slots.groups != num_groups(a.slots.tokens, a.group_tokens))
    return cudaErrorInvalidValue;
  const Layout layout = layout_of(a);
  const auto groups = static_cast<unsigned>(a.slots.groups);
  MOESCOPE_LAUNCH(launch_empty_slots(a.slots, stream));
  if (a.bpr) {
    MOESCOPE_LAUNCH(launch(priority_keys, {dim3(blocks_for(a.group_tokens, kThreads), groups), dim3(kThreads)}, stream,
                           a, layout.keys));
    MOESCOPE_LAUNCH(launch_sort({layout.keys, layout.scratch, a.slots.groups, a.group_tokens}, stream));
  }
  const dim3 grid(static_cast<unsigned>(layout.stretches), groups), block(kThreads);
  MOESCOPE_LAUNCH(launch(count_choices, {grid, block}, stream, a, layout));
  MOESCOPE_LAUNCH(launch(add_up_counts, thread_per_element(a.slots.groups * a.slots.experts), stream, a, layout));
  return launch(take_places, {grid, block}, stream, a, layout);
}

}  // namespace moescope::cuda
