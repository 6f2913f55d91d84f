// PNG and JPEG files, read with suspicion: a dropped file is untrusted input.
#pragma once

#include <string>

#include "compute/data/resize.h"

namespace moescope {

inline constexpr int64_t kMaxImageSide = 16384;               // pixels
inline constexpr int64_t kMaxImagePixels = 64 * 1024 * 1024;  // 192 MiB decoded
inline constexpr int64_t kMaxImageFileBytes = 256 << 20;

struct ImageHeader {
  int64_t height = 0, width = 0, channels = 0;  // channels as decoded: 1 grey, 3 colour
};

/// Reads a PNG or JPEG file, told apart by their first bytes, not their name. Palettes, 16 bits, grey below 8 bits and
/// CMYK become 8-bit grey or RGB; transparent parts show white behind them; a JPEG's EXIF orientation is applied.
/// `enough_side` > 0 allows a JPEG to be decoded at 1/2, 1/4 or 1/8 as long as its smaller side keeps so many pixels.
/// Throws DataError naming the file for: not there, another format, damaged or cut off, larger than the limits above.
ImagePixels read_image_file(const std::string& path, int64_t enough_side = 0);

/// The size of an image, without decoding it, after making sure that the file is there to its end. Throws as above.
ImageHeader read_image_header(const std::string& path);

/// True for the extensions .png, .jpg and .jpeg in any case.
bool has_image_extension(const std::string& path);

/// Writes 1 or 3 channels as an 8-bit PNG. Throws DataError when the file cannot be written.
void write_png(const std::string& path, const ImagePixels& image);

}  // namespace moescope
