// A data set whose images all lie in memory, as bytes: Fashion-MNIST and CIFAR.
#pragma once

#include <algorithm>
#include <utility>

#include "compute/data/content_hash.h"
#include "compute/data/dataset.h"

namespace moescope {

/// Images of one split, one after the other, each (height, width, channels), with their labels.
struct ResidentSplit {
  std::vector<uint8_t> pixels;
  std::vector<int32_t> labels;

  int64_t size() const { return static_cast<int64_t>(labels.size()); }
  /// Keeps the first `limit` images; 0 keeps all.
  void keep_first(int64_t limit, int64_t bytes_per_image) {
    if (limit <= 0 || limit >= size()) return;
    labels.resize(static_cast<size_t>(limit));
    pixels.resize(static_cast<size_t>(limit * bytes_per_image));
    pixels.shrink_to_fit();
  }
};

class ResidentDataset final : public Dataset {
 public:
  /// `info` lacks only counts and hash, which are filled in here after the limits have been applied.
  ResidentDataset(DatasetInfo info, ResidentSplit train, ResidentSplit test, const DataConfig& config)
      : train_(std::move(train)), test_(std::move(test)) {
    info_ = std::move(info);
    train_.keep_first(config.train_limit, info_.bytes_per_image());
    test_.keep_first(config.test_limit, info_.bytes_per_image());
    info_.num_train = train_.size();
    info_.num_test = test_.size();
    ContentHash hash;
    for (const ResidentSplit* part : {&train_, &test_}) {
      hash.add(part->pixels.data(), part->pixels.size());
      hash.add(part->labels.data(), part->labels.size() * sizeof(int32_t));
    }
    info_.content_hash = hash.hex();
  }

  int32_t label(Split split, int64_t i) const override { return part(split).labels[static_cast<size_t>(i)]; }
  const uint8_t* pixels(Split split, int64_t i, std::vector<uint8_t>&) const override {
    return part(split).pixels.data() + i * info_.bytes_per_image();
  }

 private:
  const ResidentSplit& part(Split split) const { return split == Split::train ? train_ : test_; }
  ResidentSplit train_, test_;
};

}  // namespace moescope
