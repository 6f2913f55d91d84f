// Crop, pad or stretch.
#include "widgets/panels/fit_strip.h"

#include <algorithm>
#include <cmath>

#include "widgets/panels/gallery.h"
#include "widgets/panels/image_view.h"
#include "widgets/ui/controls.h"
#include "widgets/ui/tooltip.h"

namespace moescope::panels {
namespace {

using ui::Face;
using ui::px;
using ui::Rect;

std::string size_text(const ImagePixels& pixels) {
  return std::to_string(pixels.width) + " × " + std::to_string(pixels.height);
}

/// The whole image small, what the model sees of it framed. Returns the width it takes.
float draw_thumbnail(const Rect& area, const Seen& seen, const ImageView& view, ImageFit fit) {
  const ImagePixels& own = *view.image.own;
  const Rect part = seen_part(own, view.pixels.height, view.pixels.width, fit);
  const auto own_w = static_cast<float>(own.width), own_h = static_cast<float>(own.height);
  const float scale = std::min(area.h / std::max(own_h, part.h), px(120) / std::max(own_w, part.w));
  const float width = std::max(own_w, part.w) * scale, height = std::max(own_h, part.h) * scale;
  const float x = area.x - std::min(0.f, part.x) * scale,
              y = area.center_y() - height / 2 - std::min(0.f, part.y) * scale;
  const Rect whole{x, y, own_w * scale, own_h * scale};
  ui::canvas().AddImage(seen.textures->image(image_key(view.image, own), own), whole.min(), whole.max());
  const Rect frame{x + part.x * scale, y + part.y * scale, part.w * scale, part.h * scale};
  if (fit == ImageFit::crop) {  // what is cut off
    const ImU32 shade = IM_COL32(0, 0, 0, 150);
    ui::fill({whole.x, whole.y, frame.x - whole.x, whole.h}, shade);
    ui::fill({frame.right(), whole.y, whole.right() - frame.right(), whole.h}, shade);
    ui::fill({frame.x, whole.y, frame.w, frame.y - whole.y}, shade);
    ui::fill({frame.x, frame.bottom(), frame.w, whole.bottom() - frame.bottom()}, shade);
  }
  ui::frame(frame, ui::theme().accent, 0, px(1.5f));
  return width;
}

}  // namespace

bool is_refitted(const ImageView& view) {
  const ImagePixels* own = view.image.own.get();
  return own && (own->height != view.pixels.height || own->width != view.pixels.width);
}

Rect seen_part(const ImagePixels& own, int64_t height, int64_t width, ImageFit fit) {
  const auto own_w = static_cast<float>(own.width), own_h = static_cast<float>(own.height);
  const auto w = static_cast<float>(width), h = static_cast<float>(height);
  if (fit == ImageFit::stretch) return {0, 0, own_w, own_h};
  const float x_scale = w / own_w, y_scale = h / own_h;
  const float scale = fit == ImageFit::crop ? std::max(x_scale, y_scale) : std::min(x_scale, y_scale);
  return {(own_w - w / scale) / 2, (own_h - h / scale) / 2, w / scale, h / scale};
}

void draw_fit_strip(const Rect& area, const Seen& seen, const ImageView& view, Selection& selection,
                    std::vector<Command>& out) {
  Rect line = area;
  const ImageFit fit = selection.image.fit;
  line.cut_left(draw_thumbnail(line, seen, view, fit) + px(12));
  const std::string words[] = {"crop", "pad", "stretch"};
  Rect cells = line.cut_right(px(204));
  cells = {cells.x, std::round(cells.center_y() - px(11)), cells.w, px(22)};
  const int word = ui::segmented("fit", cells, words, static_cast<int>(fit));
  ui::tip(cells,
          {"How the image becomes " + size_text(view.pixels),
           "Crop: its middle, scaled until the smaller side fits. Pad: all of it, black beside it. Stretch: both "
           "sides by themselves."});
  line.cut_right(px(12));
  const std::string brief = size_text(*view.image.own) + " → " + size_text(view.pixels);
  ui::text_in(line, Face::small, ui::theme().dim,
              ui::fitting(Face::small, line.w, {view.image.label + ", " + brief, brief}));
  if (word < 0 || word == static_cast<int>(fit)) return;
  const WatchedImage image = selection.image;
  selection.fits[image.own] = static_cast<ImageFit>(word);
  for (WatchedImage& pin : selection.pins)
    if (pin.own == image.own) pin.fit = selection.fits[image.own];
  Gallery::choose(image, selection, out);
}

}  // namespace moescope::panels
