// A data set: labelled images of one size, in a training and a test split, held as bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "compute/core/error.h"
#include "compute/records/command.h"
#include "compute/records/run_config.h"

namespace moescope {

enum class Split : uint8_t { train, test };
const char* split_name(Split split);  // "train", "test"

struct DatasetInfo {
  std::string name;                     // "Fashion-MNIST"
  int64_t num_train = 0, num_test = 0;  // after data.train_limit and data.test_limit
  int64_t height = 0, width = 0, channels = 0;
  std::vector<std::string> class_names;  // one a class
  std::vector<float> mean, std;          // (channels) of the training pixels, of values 0..1
  std::string content_hash;              // 16 hex digits: what a run records to say which data it saw
  std::vector<std::string> warnings;     // what was skipped at opening, each naming its file

  int64_t num_classes() const { return static_cast<int64_t>(class_names.size()); }
  int64_t pixels_per_image() const { return height * width; }
  int64_t bytes_per_image() const { return height * width * channels; }
};

/// Immutable once opened; every member may be called from several threads at once.
class Dataset {
 public:
  virtual ~Dataset() = default;

  const DatasetInfo& info() const { return info_; }
  int64_t size(Split split) const { return split == Split::train ? info_.num_train : info_.num_test; }

  /// The class of image i, 0 .. num_classes-1.
  virtual int32_t label(Split split, int64_t i) const = 0;

  /// The bytes of image i, (height, width, channels): either resident memory, or `scratch`, which is filled then.
  /// Valid until `scratch` changes. Throws DataError when the image's file turns out to be damaged.
  virtual const uint8_t* pixels(Split split, int64_t i, std::vector<uint8_t>& scratch) const = 0;

  /// True class of each patch of image i, row-major, -1 where there is nothing to classify. Empty when the data set
  /// does not know (all but Fashion Scenes). `patch` must divide height and width.
  virtual std::vector<int32_t> patch_labels(Split split, int64_t i, int64_t patch) const;

  /// What to call image i on screen: "test 17", or the name of its file.
  virtual std::string image_name(Split split, int64_t i) const;

  /// A copy of image i.
  ImagePixels image(Split split, int64_t i) const;

 protected:
  DatasetInfo info_;
};

/// Opens the data set that `config` names. Throws DataError (file missing, truncated, not what its name says) naming
/// file, fault and remedy, and ConfigError for settings that contradict each other.
std::shared_ptr<const Dataset> open_dataset(const DataConfig& config);

}  // namespace moescope
