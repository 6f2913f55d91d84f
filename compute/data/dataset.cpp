// The choice of a data set's reader, and what all data sets share.
#include "compute/data/dataset.h"

#include "compute/data/cifar.h"
#include "compute/data/fashion_mnist.h"
#include "compute/data/fashion_scenes.h"
#include "compute/data/handwritten_digits.h"
#include "compute/data/image_folder.h"

namespace moescope {

const char* split_name(Split split) { return split == Split::train ? "train" : "test"; }

std::vector<int32_t> Dataset::patch_labels(Split, int64_t, int64_t) const { return {}; }

std::string Dataset::image_name(Split split, int64_t i) const {
  return std::string(split_name(split)) + " " + std::to_string(i);
}

ImagePixels Dataset::image(Split split, int64_t i) const {
  ImagePixels out{info_.height, info_.width, info_.channels, {}};
  std::vector<uint8_t> scratch;
  const uint8_t* bytes = pixels(split, i, scratch);
  out.values.assign(bytes, bytes + info_.bytes_per_image());
  return out;
}

std::shared_ptr<const Dataset> open_dataset(const DataConfig& config) {
  switch (config.dataset) {
    case DatasetKind::fashion_mnist: return open_fashion_mnist(config);
    case DatasetKind::fashion_scenes: return open_fashion_scenes(config);
    case DatasetKind::cifar10: return open_cifar10(config);
    case DatasetKind::cifar100: return open_cifar100(config);
    case DatasetKind::handwritten_digits: return open_handwritten_digits(config);
    case DatasetKind::folder: return open_image_folder(config);
  }
  throw ConfigError("data.dataset has an unknown value: choose one of those that --help lists");
}

}  // namespace moescope
