// Plain loops over pixels.
#include "compute/data/image_edits.h"

#include <algorithm>
#include <cmath>

#include "compute/core/rng.h"

namespace moescope {
namespace {

class Editor {
 public:
  Editor(ImagePixels& pixels, int64_t patch, int64_t grid_width)
      : pixels_(pixels), patch_(patch), grid_width_(grid_width) {}

  void operator()(const OccludePatch& e) {
    const int64_t top = e.patch / grid_width_ * patch_, left = e.patch % grid_width_ * patch_;
    for (int64_t y = top; y < top + patch_; ++y)
      for (int64_t x = left; x < left + patch_; ++x) set(y, x, {e.value, e.value, e.value});
  }
  void operator()(const AddNoise& e) {
    Rng rng(e.seed, RngPurpose::edit);
    for (uint8_t& value : pixels_.values)
      value = static_cast<uint8_t>(std::clamp(std::lround(value + e.deviation * rng.normal()), 0L, 255L));
  }
  void operator()(const ShiftImage& e) {
    const ImagePixels before = pixels_;
    const int64_t channels = pixels_.channels;
    std::fill(pixels_.values.begin(), pixels_.values.end(), uint8_t{0});
    for (int64_t y = 0; y < pixels_.height; ++y)
      for (int64_t x = 0; x < pixels_.width; ++x) {
        const int64_t from_y = y - e.down, from_x = x - e.right;
        if (!inside(from_y, from_x)) continue;
        std::copy_n(before.values.begin() + at(from_y, from_x), channels, pixels_.values.begin() + at(y, x));
      }
  }
  void operator()(const PaintSpot& e) {
    const int64_t r = e.radius;
    for (int64_t dy = -r; dy <= r; ++dy)
      for (int64_t dx = -r; dx <= r; ++dx)
        if (dy * dy + dx * dx <= r * r) set(e.row + dy, e.column + dx, e.color);
  }

 private:
  bool inside(int64_t y, int64_t x) const { return y >= 0 && y < pixels_.height && x >= 0 && x < pixels_.width; }
  int64_t at(int64_t y, int64_t x) const { return (y * pixels_.width + x) * pixels_.channels; }
  void set(int64_t y, int64_t x, const std::array<uint8_t, 3>& color) {
    if (!inside(y, x)) return;
    for (int64_t c = 0; c < pixels_.channels; ++c)
      pixels_.values[static_cast<size_t>(at(y, x) + c)] = color[static_cast<size_t>(std::min<int64_t>(c, 2))];
  }

  ImagePixels& pixels_;
  int64_t patch_, grid_width_;
};

}  // namespace

ImagePixels edited(ImagePixels pixels, const std::vector<ImageEdit>& edits, int64_t patch, int64_t grid_width) {
  Editor editor(pixels, patch, grid_width);
  for (const ImageEdit& edit : edits) std::visit(editor, edit);
  return pixels;
}

}  // namespace moescope
