// Fashion-MNIST (Xiao, Rasul, Vollgraf 2017, arXiv:1708.07747): 60,000 + 10,000 grey images of 28x28, ten classes.
#pragma once

#include <memory>

#include "compute/data/resident_dataset.h"

namespace moescope {

/// Where Debian's package dataset-fashion-mnist puts the four files.
inline constexpr const char* kFashionMnistFolder = "/usr/share/datasets/fashion-mnist";

/// One split as bytes, and the images' size.
struct FashionMnistSplit {
  ResidentSplit data;
  int64_t height = 0, width = 0;
};

/// Reads train-images-idx3-ubyte.gz and its three companions (also without .gz) from config.path, or from Debian's
/// folder when that is empty.
FashionMnistSplit read_fashion_mnist(const DataConfig& config, Split split);
std::shared_ptr<const Dataset> open_fashion_mnist(const DataConfig& config);

std::vector<std::string> fashion_class_names();

/// Throws ConfigError when data.image_size asks a data set of one fixed size for another.
void refuse_other_size(const DataConfig& config, const DatasetInfo& info);

}  // namespace moescope
