// Fashion-MNIST from its four IDX files.
#include "compute/data/fashion_mnist.h"

#include <filesystem>

#include "compute/data/idx_file.h"

namespace moescope {
namespace {

/// The file in the folder, compressed or not.
std::string find_file(const DataConfig& config, const std::string& name) {
  const std::filesystem::path folder = config.path.empty() ? kFashionMnistFolder : config.path;
  std::error_code ignored;
  for (const std::string& candidate : {name + ".gz", name}) {
    if (std::filesystem::exists(folder / candidate, ignored)) return folder / candidate;
  }
  throw DataError("Fashion-MNIST is not in " + folder.string() + " (no " + name +
                  ".gz there): install it with 'apt-get install dataset-fashion-mnist', or set data.path to the folder "
                  "of its four files");
}

}  // namespace

std::vector<std::string> fashion_class_names() {
  return {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"};
}

FashionMnistSplit read_fashion_mnist(const DataConfig& config, Split split) {
  const std::string prefix = split == Split::train ? "train" : "t10k";
  const std::string images_path = find_file(config, prefix + "-images-idx3-ubyte");
  const std::string labels_path = find_file(config, prefix + "-labels-idx1-ubyte");
  IdxImages images = read_idx_images(images_path);
  std::vector<int32_t> labels = read_idx_labels(labels_path, 10);
  if (images.count != static_cast<int64_t>(labels.size())) {
    throw DataError(images_path + " holds " + std::to_string(images.count) + " images but " + labels_path + " holds " +
                    std::to_string(labels.size()) + " labels: the two must come from the same data set");
  }
  return {{std::move(images.pixels), std::move(labels)}, images.height, images.width};
}

std::shared_ptr<const Dataset> open_fashion_mnist(const DataConfig& config) {
  FashionMnistSplit train = read_fashion_mnist(config, Split::train), test = read_fashion_mnist(config, Split::test);
  if (train.height != test.height || train.width != test.width) {
    throw DataError("the training images are " + std::to_string(train.height) + "x" + std::to_string(train.width) +
                    " but the test images " + std::to_string(test.height) + "x" + std::to_string(test.width) +
                    ": set data.path to a folder whose four files belong together");
  }
  DatasetInfo info;
  info.name = "Fashion-MNIST";
  info.height = train.height;
  info.width = train.width;
  info.channels = 1;
  info.class_names = fashion_class_names();
  info.mean = {0.2860f};  // of the 60,000 training images, as the PyTorch peer has them
  info.std = {0.3530f};
  refuse_other_size(config, info);
  return std::make_shared<ResidentDataset>(std::move(info), std::move(train.data), std::move(test.data), config);
}

void refuse_other_size(const DataConfig& config, const DatasetInfo& info) {
  if (config.image_size == 0 || (config.image_size == info.height && config.image_size == info.width)) return;
  throw ConfigError("data.image_size = " + std::to_string(config.image_size) + " but " + info.name + " has images of " +
                    std::to_string(info.height) + "x" + std::to_string(info.width) +
                    ": set data.image_size to 0, or choose fashion_scenes or folder");
}

}  // namespace moescope
