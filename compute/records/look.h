// A look at images through a model, as it is and under a WhatIf: what is asked of the explorer, and what it answers.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compute/records/snapshot.h"
#include "compute/records/what_if.h"

namespace moescope {

/// Latest wins: a look that has not begun when the next is asked for is never done.
struct LookRequest {
  int64_t id = 0;  // chosen by who asks; comes back with the answer
  std::vector<WatchedImage> images;
  WhatIf what_if;
  int64_t attention_block = -1;  // also the attention of the first image in this block, dense or not; -1: none
  bool operator==(const LookRequest&) const = default;
};

/// Whose weights were looked through.
struct ModelLabel {
  bool live = true;    // the run in training, or a stored checkpoint
  int64_t run_id = 0;  // 0: not stored
  int64_t checkpoint_id = 0;
  int64_t step = 0;  // updates done
  std::string text;  // "live, step 812", "run 3, step 400"
};

/// Where a patch went before and after, in one layer.
struct PatchChange {
  int64_t patch = 0;                // row-major in the grid, the class token not counted
  int32_t before = -1, after = -1;  // main_expert(); -1: no expert took it
};
struct LayerChange {
  int64_t layer = 0;
  std::vector<PatchChange> patches;  // only those whose expert changed, ascending
};

/// One image, both ways.
struct ImageLook {
  ImageView as_is, changed;         // the same when the request's what_if changes nothing
  std::vector<LayerChange> layers;  // MoE layers in order
  int64_t predicted_before = -1, predicted_after = -1;
  double margin_before = 0, margin_after = 0;  // of the class predicted before: log p - log of the best other p
  double probability_change = 0;               // of the class predicted before
};

/// (heads, L, L) of one image in one block: row q says how much token q takes from each token; rows sum to 1.
struct AttentionMap {
  int64_t block = 0, heads = 0, num_tokens = 0;
  bool has_class_token = false;
  std::vector<float> probabilities;
};

struct Look {
  LookRequest request;
  ModelLabel model;
  RunConfig config;               // of that model, with every live change made up to its step
  std::vector<ImageLook> images;  // in the order asked
  std::optional<AttentionMap> attention;
  std::string refusal;   // one sentence when the request cannot be; images then show the model as it is
  double answer_ms = 0;  // from the request to the answer
};

/// The expert that a token belongs to in a map: its best choice that was executed (sparse), or the one with the largest
/// share of its combine weights (soft). -1: none took it.
int32_t main_expert(const RoutingMap& map, int64_t token);
/// The same for a patch, row-major in the grid.
inline int32_t main_expert_of_patch(const RoutingMap& map, int64_t patch) {
  return main_expert(map, patch + (map.has_class_token ? 1 : 0));
}

/// What changed between two views of one image.
ImageLook compared(ImageView as_is, ImageView changed);

/// The way of one patch through the layers of a view: one entry a map, in order.
struct PathStep {
  int64_t layer = 0;
  int32_t expert = -1;                 // main_expert
  float weight = 0;                    // its gate (sparse) or its share of the combine weights (soft)
  DropReason drop = DropReason::none;  // of the first choice, when no expert took it
};
std::vector<PathStep> path_of_patch(const ImageView& view, int64_t patch);

}  // namespace moescope
