// Colours on white paper: told apart in print and by most colour-blind eyes for the first eight, repeated with a number
// beyond sixteen.
#pragma once

#include <array>
#include <cstdint>

#include "figure/painter.h"

namespace moescope::figure {

/// Okabe and Ito's eight (black last), then eight that lie between them.
Color palette_color(int64_t index);

/// 256 colours from least to greatest.
struct ColorMap {
  std::array<std::array<uint8_t, 3>, 256> colors{};
  /// share 0..1, beyond it the ends; NaN is grey.
  std::array<uint8_t, 3> at(double share) const;
};

}  // namespace moescope::figure
