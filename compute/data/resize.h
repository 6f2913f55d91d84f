// Images brought to another size or number of channels.
#pragma once

#include "compute/records/command.h"

namespace moescope {

/// Bilinear with the filter widened when shrinking, so that every source pixel counts (triangle filter; enlarging, it
/// is plain bilinear with half-pixel centres). Edges repeat. Extents must be positive.
ImagePixels resize(const ImagePixels& image, int64_t height, int64_t width);

/// Grey (1) to colour (3) by repeating, colour to grey by 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601), rounded.
ImagePixels to_channels(const ImagePixels& image, int64_t channels);

/// Brought to height x width as `fit` says, then to_channels.
ImagePixels fit_to(const ImagePixels& image, int64_t height, int64_t width, int64_t channels,
                   ImageFit fit = ImageFit::crop);

}  // namespace moescope
