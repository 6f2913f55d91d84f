// A data set seen through a report: its first images only, each with the same edits.
#pragma once

#include <memory>
#include <vector>

#include "compute/data/dataset.h"
#include "compute/records/what_if.h"

namespace moescope {

class ExploredDataset : public Dataset {
 public:
  /// max_images 0: all of the test split. patch and grid_width as in edited().
  ExploredDataset(std::shared_ptr<const Dataset> dataset, int64_t max_images, std::vector<ImageEdit> edits,
                  int64_t patch, int64_t grid_width);

  int32_t label(Split split, int64_t i) const override { return dataset_->label(split, i); }
  const uint8_t* pixels(Split split, int64_t i, std::vector<uint8_t>& scratch) const override;
  std::vector<int32_t> patch_labels(Split split, int64_t i, int64_t patch) const override {
    return dataset_->patch_labels(split, i, patch);
  }
  std::string image_name(Split split, int64_t i) const override { return dataset_->image_name(split, i); }

 private:
  std::shared_ptr<const Dataset> dataset_;
  std::vector<ImageEdit> edits_;
  int64_t patch_, grid_width_;
};

}  // namespace moescope
