// What a model costs, counted from its configuration: parameters and multiply-adds, before anything is run.
#pragma once

#include "compute/models/vision_transformer.h"

namespace moescope {

struct ModelCost {
  int64_t parameters = 0;
  double forward_flops =
      0;                   // per image, 2 per multiply-add (the papers' "Eval GFLOP/img" convention, PAPERS.md trap 1)
  double train_flops = 0;  // per image, 3 * forward
};

/// PAPERS.md 1.4: embedding, projections, attention, MLPs, routers and mixing; dispatch and combine of sparse routers
/// are copies here and cost nothing. Sparse experts are counted full: min(S*k, E*capacity) pairs a group.
ModelCost model_cost(const VisionTransformer& model);

}  // namespace moescope
