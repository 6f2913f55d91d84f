// The colours.
#include "figure/palette.h"

#include <algorithm>
#include <cmath>

namespace moescope::figure {

Color palette_color(int64_t index) {
  constexpr std::array<uint32_t, 16> kColors = {0x0072B2, 0xD55E00, 0x009E73, 0xCC79A7, 0x56B4E9, 0xE69F00,
                                                0x8C8C00, 0x000000, 0x6A3D9A, 0xA65628, 0x1B7837, 0xE7298A,
                                                0x01665E, 0xB2182B, 0x7F7F7F, 0x4575B4};
  const uint32_t rgb = kColors[static_cast<size_t>(std::abs(index)) % kColors.size()];
  return {(rgb >> 16) / 255.0, (rgb >> 8 & 255) / 255.0, (rgb & 255) / 255.0};
}

Color Painter::series_color(int64_t index) const { return palette_color(index); }

std::array<uint8_t, 3> ColorMap::at(double share) const {
  if (std::isnan(share)) return {190, 190, 190};
  return colors[static_cast<size_t>(std::lround(std::clamp(share, 0.0, 1.0) * 255))];
}

}  // namespace moescope::figure
