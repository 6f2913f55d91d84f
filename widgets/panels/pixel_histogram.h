// How often each pixel value occurs in an image, and in the pointed patch.
#pragma once

#include <vector>

#include "widgets/panels/image_view.h"

namespace moescope::panels {

inline constexpr int64_t kHistogramBins = 32;

/// Shares of the pixels (every channel counts) by value, 0..255 in kHistogramBins bins, over a part of the image given
/// in its pixels.
struct PixelHistogram {
  std::vector<float> shares = std::vector<float>(kHistogramBins);
  double mean = 0;
  int lowest = 255, highest = 0;
};
PixelHistogram pixel_histogram(const ImagePixels& pixels, int64_t row, int64_t column, int64_t height, int64_t width);

/// Over the lower part of a picture: the whole image as bars, the patch of the token as a line.
void draw_histogram(const Picture& picture, const ImageView& view, const RoutingMap& map, int64_t token);

}  // namespace moescope::panels
