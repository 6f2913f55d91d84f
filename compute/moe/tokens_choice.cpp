// Top-k per token, places per group, rows per kept choice: three walks, each in parallel over tokens or groups.
#include "compute/moe/tokens_choice.h"

#include <algorithm>
#include <string>

#include "compute/backends/thread_pool.h"
#include "compute/core/error.h"
#include "compute/moe/auxiliary_losses.h"
#include "compute/moe/kept_pairs.h"
#include "compute/moe/order.h"

namespace moescope {
namespace {

constexpr int64_t kTokensPerTask = 256;

/// The group's tokens in the order in which they may take places; null: as they stand.
const uint64_t* by_priority(const Routing& r, int64_t first, int64_t tokens, uint64_t* keys, uint64_t* scratch) {
  const int32_t* expert = r.expert.i32();
  for (int64_t t = 0; t < tokens; ++t) {
    const int64_t token = first + t;
    keys[t] = descending_key(r.gates.f32()[token * r.experts + expert[token * r.k]], t);
  }
  sort_keys(keys, scratch, tokens);
  return keys;
}

/// Gives every choice of group g its place in its expert's buffer, and its row among the expert's kept pairs of the
/// group, -1 when it is not kept. count (E) is scratch; kept (E) becomes the number of rows.
void take_places(const Routing& r, int64_t g, const uint64_t* order, int32_t* row, int32_t* count, int32_t* kept) {
  std::fill(count, count + r.experts, 0);
  std::fill(kept, kept + r.experts, 0);
  const int64_t first = g * r.tokens, tokens = r.group_size(g), capacity = r.group_capacity(g);
  for (int64_t choice = 0; choice < r.k; ++choice)
    for (int64_t i = 0; i < tokens; ++i) {
      const int64_t token = first + (order ? index_of_key(order[i]) : i), at = token * r.k + choice;
      const int32_t expert = r.expert.i32()[at], place = count[expert]++;
      r.place.i32()[at] = place;
      row[at] = place < capacity && !r.is_off(expert, token) ? kept[expert]++ : -1;
    }
}

void fill_rows(const Routing& r, const PairPlan& plan, const int32_t* row_of, int64_t g) {
  const int32_t* begin = plan.begin.i32() + g * r.experts;
  int32_t listed = plan.group_begin.i32()[g];
  const int64_t first = g * r.tokens, last = first + r.group_size(g);
  for (int64_t t = first; t < last; ++t) {
    plan.token_begin.i32()[t] = listed;
    for (int64_t at = t * r.k; at < (t + 1) * r.k; ++at) {
      if (row_of[at] < 0) continue;
      const int32_t expert = r.expert.i32()[at], row = begin[expert] + row_of[at];
      plan.token.i32()[row] = static_cast<int32_t>(t);
      plan.weight.f32()[row] = r.gates.f32()[t * r.experts + expert];
      r.pair_choice.i32()[row] = static_cast<int32_t>(t * r.experts + expert);
      plan.token_pairs.i32()[listed++] = row;
    }
  }
}

}  // namespace

void choose_by_tokens(Routing& r, bool bpr, Arena& arena) {
  const int64_t total = r.total_tokens, experts = r.experts, k = r.k;
  r.expert = arena.make({total, k}, DType::i32);
  r.place = arena.make({total, k}, DType::i32);
  r.max_pairs = most_pairs(r);
  parallel_for(total, kTokensPerTask, [&](int64_t begin, int64_t end, int) {
    for (int64_t t = begin; t < end; ++t) top_k(r.gates.f32() + t * experts, experts, k, r.expert.i32() + t * k);
  });

  const Tensor kept = arena.make({r.groups, experts}, DType::i32), count = arena.make({r.groups, experts}, DType::i32);
  const Tensor row = arena.make({total, k}, DType::i32);
  const Tensor keys = arena.make({bpr ? 4 * total : 0}, DType::i32);  // two lists of 64-bit keys
  uint64_t* lists = static_cast<uint64_t*>(keys.data());
  parallel_for(r.groups, 1, [&](int64_t begin, int64_t end, int) {
    for (int64_t g = begin; g < end; ++g) {
      const int64_t first = g * r.tokens, tokens = r.group_size(g);
      const uint64_t* order =
          bpr ? by_priority(r, first, tokens, lists + 2 * first, lists + 2 * first + tokens) : nullptr;
      take_places(r, g, order, row.i32(), count.i32() + g * experts, kept.i32() + g * experts);
    }
  });

  const PairPlan plan = plan_pairs(kept, r, arena);
  parallel_for(r.groups, 1, [&](int64_t begin, int64_t end, int) {
    for (int64_t g = begin; g < end; ++g) fill_rows(r, plan, row.i32(), g);
  });
}

void TokensChoice::assign(const Pass& pass, Routing& r) const {
  if (pass.router->k < 1 || pass.router->k > r.experts)
    throw ConfigError("router.k " + std::to_string(pass.router->k) + " is not between 1 and router.num_experts " +
                      std::to_string(r.experts) + "; choose a smaller k");
  r.k = pass.router->k;
  r.actual_capacity_factor = static_cast<double>(r.capacity * r.experts) / static_cast<double>(r.tokens * r.k);
  choose_by_tokens(r, pass.router->bpr, *pass.arena);
  auxiliary_losses(*pass.router, pass.training, r, *pass.arena);
}

}  // namespace moescope
