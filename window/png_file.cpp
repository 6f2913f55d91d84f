// Writes a picture as a PNG file, by libpng's simple interface.
#include "window/png_file.h"

#include <png.h>

#include <cstring>

#include "compute/records/error.h"

namespace moescope {

void write_png(const ImagePixels& pixels, const std::string& path) {
  png_image image;
  std::memset(&image, 0, sizeof image);
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(pixels.width);
  image.height = static_cast<png_uint_32>(pixels.height);
  image.format = pixels.channels == 1 ? PNG_FORMAT_GRAY : pixels.channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_RGBA;
  if (!png_image_write_to_file(&image, path.c_str(), 0, pixels.values.data(), 0, nullptr))
    throw UserError("cannot write " + path + ": " + image.message + "; choose another folder or free some space");
}

}  // namespace moescope
