// The list of kept (token, expert) pairs: what gather and combine walk, packed by expert without empty places.
#pragma once

#include "compute/core/arena.h"
#include "compute/moe/routing.h"

namespace moescope {

/// Where each stretch of pairs begins. `begin` i32 (G,E): first row of an expert's pairs of a group.
struct PairPlan {
  Tensor begin;        // i32 (G,E)
  Tensor token_begin;  // i32 (T+1), filled by the caller's walk
  Tensor token_pairs;  // i32 (R)
  Tensor token;        // i32 (R)
  Tensor weight;       // f32 (R)
  Tensor group_begin;  // i32 (G+1) pairs of the groups before it
};

/// Plans the rows from `kept` i32 (G,E), the number of pairs each expert keeps of each group, and sets everything of
/// the routing that follows from it (offsets, counts, the list's pointers). Buffers are made for routing.max_pairs
/// rows, so that the arena's use does not depend on the data. The caller then fills the plan's tensors and
/// routing.pair_choice.
PairPlan plan_pairs(const Tensor& kept, Routing& routing, Arena& arena);

/// The most pairs that the routing's sizes allow.
int64_t most_pairs(const Routing& routing);

}  // namespace moescope
