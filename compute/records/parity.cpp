// The same words in the terminal and in the window.
#include "compute/records/parity.h"

#include <cstdio>

namespace moescope {
namespace {

std::string in_digits(double value, const char* format) {
  char text[24];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

}  // namespace

std::string verdict(const Parity& p) {
  const int64_t first = p.first_beyond();
  std::string text = "every layer within " + in_digits(p.tolerance, "%.0e");
  if (first >= 0) {
    const LayerDeviation& layer = p.layers[static_cast<size_t>(first)];
    text = layer.layer + " is the first layer beyond " + in_digits(p.tolerance, "%.0e") + ": " +
           in_digits(layer.relative_rms, "%.1e");
  }
  const std::string images = std::to_string(p.num_images) + (p.num_images == 1 ? " image" : " images");
  return text + (p.other_answers == 0 ? ", the same answers for " + images
                                      : ", other answers for " + std::to_string(p.other_answers) + " of " + images);
}

std::string verdict_in_short(const Parity& p) {
  const int64_t first = p.first_beyond();
  const std::string limit = in_digits(p.tolerance, "%.0e");
  return first < 0 ? "within " + limit : p.layers[static_cast<size_t>(first)].layer + " beyond " + limit;
}

}  // namespace moescope
