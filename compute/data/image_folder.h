// A folder of PNG and JPEG files with one sub-folder a class.
//
// Either FOLDER/train/CLASS/*.png and FOLDER/test/CLASS/*.png (all that is there is used), or FOLDER/CLASS/*.png: then
// a tenth of each class, at least one image where it has two, becomes the test split. Which ones is decided by a hash
// of "CLASS/file", so it does not depend on the order of a listing, and adding images moves few others.
//
// Opening reads the head and the end of every file: one that is damaged or cut off is left out, and named in
// DatasetInfo::warnings. Damage inside a file that begins and ends as it should shows only when the image is decoded,
// on a worker thread, and is an error then. Files with other extensions, and names that begin with a dot, are ignored.
#pragma once

#include <memory>

#include "compute/data/dataset.h"

namespace moescope {

inline constexpr int64_t kFolderSide = 64;  // when data.image_size is 0

/// Images are scaled to data.image_size by fit_to(); they are grey when all files are, colour otherwise. Mean and
/// deviation are measured on 256 training images. The content hash covers names, sizes, labels and the files' first and
/// last kilobytes. Throws DataError for a missing folder, fewer than two classes, a split or class without readable
/// images.
std::shared_ptr<const Dataset> open_image_folder(const DataConfig& config);

}  // namespace moescope
