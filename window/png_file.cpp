// Writes a picture as a PNG file, by libpng's simple interface.
#include "window/png_file.h"

#include <png.h>

#include <cstring>
#include <stdexcept>
#include <string_view>

#include "compute/records/output_file.h"

namespace moescope {

void write_png(const ImagePixels& pixels, const std::string& path) {
  png_image image;
  std::memset(&image, 0, sizeof image);
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(pixels.width);
  image.height = static_cast<png_uint_32>(pixels.height);
  image.format = pixels.channels == 1 ? PNG_FORMAT_GRAY : pixels.channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_RGBA;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
  std::string bytes(size, '\0');
  if (!png_image_write_to_memory(&image, bytes.data(), &size, 0, pixels.values.data(), 0, nullptr))
    throw std::runtime_error(std::string("libpng: ") + image.message);
  write_file(path, std::string_view(bytes).substr(0, size));
}

}  // namespace moescope
