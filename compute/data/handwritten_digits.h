// Handwritten digits (Alpaydin and Kaynak 1998, UCI; scikit-learn's copy): 1,797 images of 8x8 in 17 greys, enlarged to
// 20x20 in the middle of 28x28, so that a model sees them as it sees Fashion-MNIST.
#pragma once

#include <memory>

#include "compute/data/resident_dataset.h"

namespace moescope {

/// Where digits.csv.gz is looked for when data.path is empty: Debian's python3-sklearn, then a folder of its own.
inline constexpr const char* kSklearnDigitsFolder = "/usr/lib/python3/dist-packages/sklearn/datasets/data";
inline constexpr const char* kDigitsFolder = "/usr/share/datasets/handwritten-digits";

inline constexpr int64_t kTrainDigits = 1300;  // the first so many; the others, by other writers, are the test split

/// Reads digits.csv.gz (also without .gz) of config.path or of the two folders: 64 values 0..16 and the label a line.
/// Throws DataError naming file and line.
std::shared_ptr<const Dataset> open_handwritten_digits(const DataConfig& config);

}  // namespace moescope
