// How far experts follow what is on a patch: the patches' true labels against the experts that took them.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "compute/data/dataset.h"
#include "compute/eval/evaluator.h"
#include "compute/models/vision_transformer.h"

namespace moescope {

/// Of one MoE layer over the labelled patches of a split.
struct RoutingPurity {
  int64_t layer = 0;
  int64_t num_patches = 0;        // with a label and an expert
  double purity = 0;              // share of patches whose expert's commonest label is theirs; 1: each expert one label
  double chance = 0;              // what a single expert would reach: the share of the commonest label
  double mutual_information = 0;  // of label and expert, nats
  double label_entropy = 0;       // nats: the most that mutual_information can be
  std::vector<int64_t> counts;    // (E, classes) patches
};

/// From a table of counts (experts, classes), row-major.
RoutingPurity purity_of(const std::vector<int64_t>& counts, int64_t experts);

/// One entry an MoE layer, over the first `max_images` of the split, in evaluation mode with the given knobs. A patch
/// belongs to the expert of its best choice that was executed (sparse), or with the largest share of its combine
/// weights (soft); dropped patches and those without a label are left out. Throws ConfigError when the data set does
/// not know what is on its patches (all but fashion_scenes).
std::vector<RoutingPurity> routing_purity(VisionTransformer& model, const std::shared_ptr<const Dataset>& dataset,
                                          const EvalOptions& options, int64_t max_images);

}  // namespace moescope
