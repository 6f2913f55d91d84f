// A partial sort per (group, expert), then rows per group.
#include "compute/moe/experts_choice.h"

#include <algorithm>

#include "compute/backends/thread_pool.h"
#include "compute/moe/kept_pairs.h"
#include "compute/moe/order.h"

namespace moescope {
namespace {

/// The `take` best tokens of one expert's column of gates into chosen; what is left of its `capacity` becomes -1.
void take_best(const float* column, int64_t tokens, int64_t stride, int64_t take, int64_t capacity, uint64_t* keys,
               int32_t* chosen) {
  for (int64_t t = 0; t < tokens; ++t) keys[t] = descending_key(column[t * stride], t);
  if (take < tokens) std::nth_element(keys, keys + take, keys + tokens);
  std::sort(keys, keys + take);
  for (int64_t c = 0; c < capacity; ++c) chosen[c] = c < take ? index_of_key(keys[c]) : -1;
}

void fill_rows(const Routing& r, const PairPlan& plan, int64_t g) {
  const int64_t first = g * r.tokens, last = first + r.group_size(g), experts = r.experts, take = r.group_capacity(g);
  const int32_t* chosen = r.chosen_token.i32() + g * experts * r.capacity;
  int32_t* listed = plan.token_begin.i32();
  std::fill(listed + first, listed + last, 0);
  for (int64_t e = 0; e < experts; ++e)
    for (int64_t c = 0; c < take && !r.is_off(e, first); ++c) ++listed[first + chosen[e * r.capacity + c]];
  // Turn counts into ends, then fill backwards, which leaves the beginnings and the experts in ascending order.
  int32_t end = plan.group_begin.i32()[g];
  for (int64_t t = first; t < last; ++t) listed[t] = end += listed[t];
  for (int64_t e = experts; e-- > 0;)
    for (int64_t c = 0; c < take && !r.is_off(e, first); ++c) {
      const int64_t t = first + chosen[e * r.capacity + c];
      const int32_t row = plan.begin.i32()[g * experts + e] + static_cast<int32_t>(c);
      plan.token.i32()[row] = static_cast<int32_t>(t);
      plan.weight.f32()[row] = r.gates.f32()[t * experts + e];
      r.pair_choice.i32()[row] = static_cast<int32_t>(t * experts + e);
      plan.token_pairs.i32()[--listed[t]] = row;
    }
}

}  // namespace

void choose_by_experts(Routing& r, Arena& arena) {
  const int64_t experts = r.experts, capacity = r.capacity;
  r.k = 0;
  r.max_pairs = most_pairs(r);
  r.chosen_token = arena.make({r.groups, experts, capacity}, DType::i32);
  const Tensor keys = arena.make({cpu_pool().num_threads(), 2 * r.tokens}, DType::i32);  // 64-bit, one list a thread
  parallel_for(r.groups * experts, 1, [&](int64_t begin, int64_t end, int thread) {
    uint64_t* own = static_cast<uint64_t*>(keys.row(thread).data());
    for (int64_t i = begin; i < end; ++i) {
      const int64_t g = i / experts, e = i % experts;
      take_best(r.gates.f32() + g * r.tokens * experts + e, r.group_size(g), experts, r.group_capacity(g), capacity,
                own, r.chosen_token.i32() + i * capacity);
    }
  });

  const Tensor kept = arena.make({r.groups, experts}, DType::i32);
  for (int64_t g = 0; g < r.groups; ++g)
    for (int64_t e = 0; e < experts; ++e)
      kept.i32()[g * experts + e] = r.is_off(e, g * r.tokens) ? 0 : static_cast<int32_t>(r.group_capacity(g));
  const PairPlan plan = plan_pairs(kept, r, arena);
  parallel_for(r.groups, 1, [&](int64_t begin, int64_t end, int) {
    for (int64_t g = begin; g < end; ++g) fill_rows(r, plan, g);
  });
}

void ExpertsChoice::assign(const Pass& pass, Routing& r) const {
  r.actual_capacity_factor = static_cast<double>(r.capacity * r.experts) / static_cast<double>(r.tokens);
  choose_by_experts(r, *pass.arena);
}

}  // namespace moescope
