// A row a layer: its name, a bar over powers of ten, and the number.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "widgets/panels/study_views.h"
#include "widgets/ui/controls.h"
#include "widgets/ui/draw.h"
#include "widgets/ui/tooltip.h"

namespace moescope::panels {
namespace {

using ui::Face;
using ui::px;
using ui::Rect;

constexpr double kSmallest = 1e-9, kLargest = 1;  // the ends of the axis

/// Where a deviation stands on the axis, 0..1; what is no number stands at the far end.
float place_of(double value) {
  if (!std::isfinite(value)) return 1;
  const double decades = std::log10(std::clamp(value, kSmallest, kLargest) / kSmallest);
  return static_cast<float>(decades / std::log10(kLargest / kSmallest));
}

std::string small_number(double value) {
  char text[24];
  std::snprintf(text, sizeof text, "%.1e", value);
  return text;
}

void draw_row(Rect row, const LayerDeviation& layer, double tolerance) {
  const ui::Theme& t = ui::theme();
  const ImU32 color = layer.beyond ? t.bad : t.good;
  ui::tip(row,
          {layer.layer,
           "Largest difference " + small_number(layer.max_abs) + ", relative " + small_number(layer.relative_rms) + ".",
           "rms(GPU - CPU) / rms(CPU)"});
  ui::text_in(row.cut_left(px(104)), Face::mono, t.text, layer.layer);
  ui::text_in(row.cut_right(px(62)), Face::mono, layer.beyond ? t.bad : t.dim, small_number(layer.relative_rms),
              ui::Align::right);
  row.cut_right(px(8));
  const float middle = std::round(row.center_y());
  ui::fill({row.x, middle - px(3), row.w, px(6)}, t.line, px(2));
  ui::fill({row.x, middle - px(3), std::max(px(1), row.w * place_of(layer.relative_rms)), px(6)}, color, px(2));
  ui::fill({row.x + row.w * place_of(tolerance), middle - px(7), px(1), px(14)}, t.text);
}

}  // namespace

void draw_parity(const Rect& area, const Parity& parity) {
  const ui::Theme& t = ui::theme();
  Rect inside = area;
  const std::string words = verdict(parity);
  const Rect title = inside.cut_top(px(22));
  ui::text_in(title, Face::body, parity.first_beyond() < 0 ? t.text : t.bad,
              ui::fitting(Face::body, title.w, {words, verdict_in_short(parity)}));
  ui::tip(title, {words, parity.device + ", " + parity.set});
  const float room = inside.h / static_cast<float>(std::max<size_t>(1, parity.layers.size()));
  const float height = std::min(px(22), room);
  for (const LayerDeviation& layer : parity.layers) draw_row(inside.cut_top(height), layer, parity.tolerance);
}

}  // namespace moescope::panels
