// Round numbers for the ends and the steps of scales.
#pragma once

#include <cmath>

namespace moescope {

/// 1, 2 or 5 times a power of ten, at least `size`, which is positive; to a billionth of it.
inline double round_step(double size) {
  const double unit = std::pow(10.0, std::floor(std::log10(size)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * unit >= size * (1 - 1e-9)) return factor * unit;
  }
  return 10 * unit;
}

}  // namespace moescope
