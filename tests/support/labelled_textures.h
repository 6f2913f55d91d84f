// The synthetic textures with a true label on every patch, for routing purity.
#pragma once

#include <vector>

#include "support/synthetic_dataset.h"

namespace moescope {

/// Textures whose patches know their label: the image's, or nothing in the first row.
class LabelledTextures : public SyntheticDataset {
 public:
  explicit LabelledTextures(int64_t num_train = 32, int64_t num_test = 16) : SyntheticDataset(num_train, num_test) {}
  std::vector<int32_t> patch_labels(Split split, int64_t i, int64_t patch) const override {
    const int64_t side = 8 / patch;
    std::vector<int32_t> labels(static_cast<size_t>(side * side), label(split, i));
    for (int64_t x = 0; x < side; ++x) labels[static_cast<size_t>(x)] = -1;
    return labels;
  }
};

}  // namespace moescope
