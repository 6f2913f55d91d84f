// Edits are made when an image is read.
#include "compute/explore/explored_dataset.h"

#include <algorithm>

#include "compute/data/image_edits.h"

namespace moescope {

ExploredDataset::ExploredDataset(std::shared_ptr<const Dataset> dataset, int64_t max_images,
                                 std::vector<ImageEdit> edits, int64_t patch, int64_t grid_width)
    : dataset_(std::move(dataset)), edits_(std::move(edits)), patch_(patch), grid_width_(grid_width) {
  info_ = dataset_->info();
  if (max_images > 0) info_.num_test = std::min(info_.num_test, max_images);
}

const uint8_t* ExploredDataset::pixels(Split split, int64_t i, std::vector<uint8_t>& scratch) const {
  if (edits_.empty()) return dataset_->pixels(split, i, scratch);
  ImagePixels image{info_.height, info_.width, info_.channels, {}};
  const uint8_t* bytes = dataset_->pixels(split, i, scratch);
  image.values.assign(bytes, bytes + info_.bytes_per_image());
  scratch = edited(std::move(image), edits_, patch_, grid_width_).values;
  return scratch.data();
}

}  // namespace moescope
