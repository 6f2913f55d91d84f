// Writes a picture as a PNG file.
#pragma once

#include <string>

#include "compute/records/command.h"

namespace moescope {

/// Grey, RGB or RGBA. Throws UserError naming the path when it cannot be written.
void write_png(const ImagePixels& pixels, const std::string& path);

}  // namespace moescope
