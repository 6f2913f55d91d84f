// What a model costs, counted from its configuration: parameters and multiply-adds, before anything is run.
#pragma once

#include "compute/models/vision_transformer.h"

namespace moescope {

/// FLOPs count 2 a multiply-add, per image (the papers' "Eval GFLOP/img" convention, PAPERS.md trap 1).
struct ModelCost {
  int64_t parameters = 0;
  double forward_flops = 0;  // as executed here
  double train_flops = 0;    // 3 * forward
  // What the papers' programs do besides: each expert computes its whole buffer, empty places too, and dispatch and
  // combine are products with a one-hot tensor, whose cost grows with the routing group. 0 for dense and Soft MoE.
  double padding_flops = 0, einsum_flops = 0;
  double expert_rows = 0;  // rows (kept pairs or slots) that the experts of one MoE layer take for an image
  double row_flops = 0;    // of one such row
};

/// PAPERS.md 1.4: embedding, projections, attention, MLPs, routers and mixing; dispatch and combine of sparse routers
/// are copies here and cost nothing. Sparse experts are counted full: min(S*k, E*capacity) pairs a group.
/// The model need not be allocated.
ModelCost model_cost(const VisionTransformer& model);

}  // namespace moescope
