// The two decoders behind image_file.h. Both libraries report errors by longjmp; in these files no object with a
// destructor lives in a frame that such a jump leaves.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "compute/data/image_file.h"

namespace moescope {

using Bytes = std::span<const uint8_t>;

ImageHeader png_header(Bytes file, const std::string& path);
ImagePixels decode_png(Bytes file, const std::string& path);
ImageHeader jpeg_header(Bytes file, const std::string& path);
ImagePixels decode_jpeg(Bytes file, const std::string& path, int64_t enough_side);

/// Throws DataError when an image exceeds the limits of image_file.h.
void check_image_size(const std::string& path, int64_t height, int64_t width);
[[noreturn]] void fail_damaged(const std::string& path, const std::string& reason);

}  // namespace moescope
