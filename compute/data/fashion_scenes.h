// Fashion Scenes: several Fashion-MNIST items on one black canvas, so that each patch has a true label and the purity
// of a routing can be measured.
//
// Scene i of a split is a function of (split, i) and the settings alone; it does not depend on train.seed, so that runs
// with different seeds are compared on the same images. Its label is the class that occurs most often: of n items
// ceil(n/3), but at least two (all when n is 1 or 2), are of that class, and every other class occurs less often. Each
// item keeps its size and falls into a grid cell of its own, moved at random by up to half the cell's spare room plus
// two pixels, never over the canvas' edge. Where two items meet, the brighter pixel is seen.
#pragma once

#include <memory>

#include "compute/data/dataset.h"

namespace moescope {

inline constexpr int64_t kSceneSide = 56;  // when data.image_size is 0
inline constexpr uint8_t kVisible = 16;    // of 255: darker pixels count as background in patch labels

/// Items are taken from the same split of Fashion-MNIST (config.path as there). Throws ConfigError when the items do
/// not fit: a grid cell must be at least three quarters of an item.
std::shared_ptr<const Dataset> open_fashion_scenes(const DataConfig& config);

/// What stands where in a scene, for tests and for those who want more than patch labels.
struct SceneItem {
  int64_t source = 0;  // index in Fashion-MNIST's split
  int32_t label = 0;
  int64_t top = 0, left = 0;  // of its square on the canvas
};
std::vector<SceneItem> scene_items(const Dataset& scenes, Split split, int64_t i);

}  // namespace moescope
