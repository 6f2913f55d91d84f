// Tokens Choice (V-MoE, arXiv 2106.05974): each token takes its k best experts, while their places last.
#pragma once

#include "compute/core/arena.h"
#include "compute/moe/sparse_router.h"

namespace moescope {

/// Assigns places from routing.gates (T,E), k, capacity and groups: fills expert, place, the pair list and its offsets.
/// All first choices come before any second one; within a choice tokens come in order, or, with `bpr` (Batch
/// Prioritized Routing), by their best gate, descending. A choice that finds its expert full still advances the
/// expert's count. NUMERICS 2.3 and 2.5; google-research/vmoe:vmoe/moe.py, get_top_experts_per_item_dispatcher.
void choose_by_tokens(Routing& routing, bool bpr, Arena& arena);

class TokensChoice : public SparseRouter {
 public:
  using SparseRouter::SparseRouter;

 protected:
  void assign(const Pass& pass, Routing& routing) const override;
};

}  // namespace moescope
