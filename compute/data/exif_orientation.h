// How a camera was held: the one EXIF tag without which a photograph lies on its side.
#pragma once

#include <cstdint>
#include <span>

#include "compute/records/command.h"

namespace moescope {

/// The orientation, 1 to 8, in the data of a JPEG APP1 marker; 1 (upright) when it holds none that can be read.
int exif_orientation(std::span<const uint8_t> app1);

/// The image as it should be seen. orientation as in the EXIF standard (CIPA DC-008), 1 to 8.
ImagePixels turn_upright(const ImagePixels& image, int orientation);

}  // namespace moescope
