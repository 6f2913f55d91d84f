// Files and folders that were dropped.
#include "app/doors/dropped_files.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "compute/core/error.h"
#include "compute/data/image_file.h"
#include "compute/records/output_file.h"

namespace moescope {

namespace fs = std::filesystem;

DroppedFiles files_of_dropped(const std::string& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return {{path}, 0};
  std::vector<std::string> files;
  fs::directory_iterator entry(path, error);
  if (error) throw DataError("cannot look into " + path + ": " + error.message() + "; check its permissions");
  for (; entry != fs::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.starts_with(".") || !has_image_extension(name) || entry->is_directory(error)) continue;
    files.push_back(entry->path().string());
  }
  if (files.empty()) throw DataError(path + " holds no PNG or JPEG file: drop a folder that does, or single files");
  std::sort(files.begin(), files.end());
  const size_t shown = std::min(files.size(), kMostDropped), left_out = files.size() - shown;
  files.resize(shown);
  return {std::move(files), left_out};
}

namespace {

/// A store is no image, but what is wanted of it can be had.
void refuse_store(const std::string& path) {
  std::string first(16, ' ');
  std::ifstream file(path, std::ios::binary);
  if (file.read(first.data(), static_cast<std::streamsize>(first.size())) && kind_of(first) == FileKind::store)
    throw DataError(path + " is a session store: `moescope " + path + "` opens it, in a window of its own");
}

}  // namespace

WatchedImage read_dropped(const std::string& path) {
  refuse_store(path);
  ImagePixels pixels = read_image_file(path, kDroppedSide);
  const int64_t side = std::min(pixels.height, pixels.width);
  if (side > kDroppedSide) {  // a PNG is decoded whole; keeping it so would fill memory and the graphics card
    const double scale = static_cast<double>(kDroppedSide) / static_cast<double>(side);
    const auto scaled = [&](int64_t extent) {
      return std::clamp<int64_t>(std::llround(static_cast<double>(extent) * scale), 1, kMaxImageSide);
    };
    pixels = resize(pixels, scaled(pixels.height), scaled(pixels.width));
  }
  WatchedImage image;
  image.own = std::make_shared<const ImagePixels>(std::move(pixels));
  image.label = fs::path(path).filename().string();
  return image;
}

}  // namespace moescope
