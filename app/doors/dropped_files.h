// What a person dropped on the window: files and folders, turned into images to look at.
#pragma once

#include <string>
#include <vector>

#include "compute/records/command.h"

namespace moescope {

inline constexpr size_t kMostDropped = 64;    // images of one folder
inline constexpr int64_t kDroppedSide = 512;  // the smaller side that is kept: enough to show; the model sees less

struct DroppedFiles {
  std::vector<std::string> files;  // at most kMostDropped
  size_t num_left_out = 0;         // images of the folder beyond those
};

/// The file itself; of a folder its PNG and JPEG files in the order of their names, sub-folders and hidden files left
/// out. Throws DataError for a folder that has none or cannot be read.
DroppedFiles files_of_dropped(const std::string& path);

/// The image, at most kDroppedSide on its smaller side, named by its file. Throws DataError, see read_image_file.
WatchedImage read_dropped(const std::string& path);

}  // namespace moescope
