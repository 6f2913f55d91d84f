// Experts Choice (arXiv 2202.09368, as the Soft MoE paper compares with it): each expert takes its C best tokens.
#pragma once

#include "compute/core/arena.h"
#include "compute/moe/sparse_router.h"

namespace moescope {

/// Each expert takes the tokens of a group with the largest gates, best first: fills chosen_token, the pair list and
/// its offsets from routing.gates (T,E), capacity and groups. A token may be taken by none to all of the experts.
/// NUMERICS 3; google-research/vmoe:vmoe/moe.py, get_top_items_per_expert_dispatcher.
void choose_by_experts(Routing& routing, Arena& arena);

class ExpertsChoice : public SparseRouter {
 public:
  using SparseRouter::SparseRouter;

 protected:
  void assign(const Pass& pass, Routing& routing) const override;
};

}  // namespace moescope
