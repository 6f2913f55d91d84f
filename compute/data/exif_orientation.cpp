// Tag 0x0112 of the first directory of the TIFF header inside EXIF.
#include "compute/data/exif_orientation.h"

#include <algorithm>
#include <cstring>

namespace moescope {
namespace {

/// Numbers of either byte order, 0 outside the data.
struct TiffReader {
  std::span<const uint8_t> data;
  bool big_endian;

  uint32_t number(size_t at, size_t bytes) const {
    if (at > data.size() || data.size() - at < bytes) return 0;
    uint32_t value = 0;
    for (size_t i = 0; i < bytes; ++i) value = value << 8 | data[at + (big_endian ? i : bytes - 1 - i)];
    return value;
  }
};

}  // namespace

int exif_orientation(std::span<const uint8_t> app1) {
  if (app1.size() < 14 || std::memcmp(app1.data(), "Exif\0\0", 6) != 0) return 1;
  const TiffReader tiff{app1.subspan(6), app1[6] == 'M'};
  const size_t directory = tiff.number(4, 4), num_entries = tiff.number(directory, 2);
  for (size_t i = 0; i < num_entries; ++i) {
    const size_t entry = directory + 2 + 12 * i;
    if (tiff.number(entry, 2) != 0x0112) continue;
    const uint32_t value = tiff.number(entry + 8, 2);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

ImagePixels turn_upright(const ImagePixels& image, int orientation) {
  const bool transposed = orientation >= 5;
  // Row and column of the stored image for a pixel of the upright one: mirrored along which of the stored axes?
  const bool flip_rows = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  const bool flip_columns = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  ImagePixels out{transposed ? image.width : image.height, transposed ? image.height : image.width, image.channels, {}};
  out.values.reserve(image.values.size());
  for (int64_t y = 0; y < out.height; ++y) {
    for (int64_t x = 0; x < out.width; ++x) {
      int64_t row = transposed ? x : y, column = transposed ? y : x;
      if (flip_rows) row = image.height - 1 - row;
      if (flip_columns) column = image.width - 1 - column;
      const auto at = image.values.begin() + (row * image.width + column) * image.channels;
      out.values.insert(out.values.end(), at, at + image.channels);
    }
  }
  return out;
}

}  // namespace moescope
