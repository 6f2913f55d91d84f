// The few colours that stand for all colours of some pictures.
#pragma once

#include <array>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "figure/gif.h"

namespace moescope::figure {

using Rgb = std::array<uint8_t, 3>;

class GifPalette {
 public:
  void count(const Pixels& pixels);
  /// After the last count(): at most 256 colours by median cut (Heckbert 1982). 256 or fewer are kept as they are.
  void choose();
  const std::vector<Rgb>& colors() const { return colors_; }
  /// (height, width) places in colors(). Throws std::logic_error for a colour that was never counted.
  std::vector<uint8_t> indices(const Pixels& pixels) const;

 private:
  std::unordered_map<uint32_t, int64_t> counted_;
  std::unordered_map<uint32_t, uint8_t> place_;
  std::vector<Rgb> colors_;
};

}  // namespace moescope::figure
