// Prefix sums, expert by expert.
#include "compute/moe/kept_pairs.h"

#include <algorithm>

namespace moescope {

int64_t most_pairs(const Routing& r) {
  int64_t most = 0;
  for (int64_t g = 0; g < r.groups; ++g) {
    const int64_t places = r.experts * r.group_capacity(g);
    most += r.kind == RouterKind::tokens_choice ? std::min(places, r.group_size(g) * r.k) : places;
  }
  return most;
}

PairPlan plan_pairs(const Tensor& kept, Routing& r, Arena& arena) {
  const int64_t groups = r.groups, experts = r.experts, most = r.max_pairs;
  PairPlan plan;
  plan.begin = arena.make({groups, experts}, DType::i32);
  plan.group_begin = arena.zeros({groups + 1}, DType::i32);
  plan.token_begin = arena.make({r.total_tokens + 1}, DType::i32);
  plan.token_pairs = arena.make({most}, DType::i32);
  plan.token = arena.make({most}, DType::i32);
  plan.weight = arena.make({most});
  r.pair_choice = arena.make({most}, DType::i32);
  r.pair_expert_offset = arena.make({experts + 1}, DType::i32);

  int32_t row = 0;
  for (int64_t e = 0; e < experts; ++e) {
    r.pair_expert_offset.i32()[e] = row;
    for (int64_t g = 0; g < groups; ++g) {
      plan.begin.i32()[g * experts + e] = row;
      row += kept.i32()[g * experts + e];
      plan.group_begin.i32()[g + 1] += kept.i32()[g * experts + e];
    }
  }
  r.pair_expert_offset.i32()[experts] = row;
  for (int64_t g = 0; g < groups; ++g) plan.group_begin.i32()[g + 1] += plan.group_begin.i32()[g];
  plan.token_begin.i32()[r.total_tokens] = row;

  r.pair_choice = r.pair_choice.rows(0, row);
  r.pairs = {r.total_tokens, row, plan.token.i32(), plan.weight.f32(), plan.token_begin.i32(), plan.token_pairs.i32()};
  return plan;
}

}  // namespace moescope
