// Bars over the picture.
#include "widgets/panels/pixel_histogram.h"

#include <algorithm>
#include <cmath>

#include "widgets/ui/draw.h"
#include "widgets/ui/format.h"

namespace moescope::panels {
namespace {

using ui::Face;
using ui::px;
using ui::Rect;

}  // namespace

PixelHistogram pixel_histogram(const ImagePixels& pixels, int64_t row, int64_t column, int64_t height, int64_t width) {
  PixelHistogram h;
  int64_t count = 0;
  for (int64_t y = row; y < std::min(row + height, pixels.height); ++y)
    for (int64_t x = column; x < std::min(column + width, pixels.width); ++x)
      for (int64_t c = 0; c < pixels.channels; ++c) {
        const int value = pixels.values[static_cast<size_t>((y * pixels.width + x) * pixels.channels + c)];
        h.shares[static_cast<size_t>(value * kHistogramBins / 256)] += 1;
        h.mean += value;
        h.lowest = std::min(h.lowest, value), h.highest = std::max(h.highest, value);
        ++count;
      }
  if (count == 0) return h;
  for (float& share : h.shares) share /= static_cast<float>(count);
  h.mean /= static_cast<double>(count);
  return h;
}

void draw_histogram(const Picture& picture, const ImageView& view, const RoutingMap& map, int64_t token) {
  const ui::Theme& t = ui::theme();
  const ImagePixels& pixels = view.pixels;
  const PixelHistogram all = pixel_histogram(pixels, 0, 0, pixels.height, pixels.width);
  const int64_t patch = token >= 0 && token < map.num_tokens ? patch_of_token(map, token) : -1;
  PixelHistogram part;
  if (patch >= 0) {
    const int64_t h = pixels.height / map.grid_height, w = pixels.width / map.grid_width;
    part = pixel_histogram(pixels, patch / map.grid_width * h, patch % map.grid_width * w, h, w);
  }
  const ui::Clip clip(picture.frame);
  Rect box = picture.frame;
  box = box.cut_bottom(std::min(px(84), box.h * 0.4f));
  ui::fill(box, IM_COL32(10, 12, 16, 205));
  Rect inside = box.inset(px(8), px(4));
  const PixelHistogram& named = patch >= 0 ? part : all;
  const std::string numbers = std::string(patch >= 0 ? "patch " : "image ") + std::to_string(named.lowest) + " to " +
                              std::to_string(named.highest) + ", mean " + ui::fixed(named.mean, 1);
  ui::text_in(inside.cut_top(px(18)), Face::small, IM_COL32(230, 233, 238, 255),
              ui::fitting(Face::small, inside.w, {numbers, "mean " + ui::fixed(named.mean, 1)}));
  // The root, so that one value of a black background does not flatten the rest; both by the same scale.
  const auto height = [&](float share) { return std::sqrt(share) * inside.h; };
  const float bin = inside.w / static_cast<float>(kHistogramBins);
  for (int64_t i = 0; i < kHistogramBins; ++i) {
    const float x = inside.x + static_cast<float>(i) * bin, h = height(all.shares[static_cast<size_t>(i)]);
    ui::fill({x, inside.bottom() - h, std::max(1.f, bin - 1), h}, IM_COL32(152, 162, 176, 255));
    if (patch < 0) continue;
    const float y = inside.bottom() - height(part.shares[static_cast<size_t>(i)]);
    if (y < inside.bottom()) ui::fill({x, y, std::max(1.f, bin - 1), px(2)}, t.warn);
  }
}

}  // namespace moescope::panels
