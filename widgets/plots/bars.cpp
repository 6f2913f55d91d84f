// Prediction bars.
#include "widgets/plots/bars.h"

#include <cmath>
#include <cstdio>

#include "widgets/ui/draw.h"
#include "widgets/ui/format.h"

namespace moescope::plots {

using ui::Face;
using ui::px;

void draw_bars(const ui::Rect& area, const std::vector<Bar>& bars, float row_units) {
  const ui::Theme& t = ui::theme();
  ui::Rect rest = area;
  for (const Bar& bar : bars) {
    if (rest.h + 0.5f < px(row_units)) return;
    ui::Rect row = rest.cut_top(px(row_units));
    ui::Rect name = row.cut_left(std::min(px(104), row.w * 0.34f));
    ui::text_in(name, Face::small, bar.is_truth ? t.text : t.dim, bar.name);
    char text[32];
    std::snprintf(text, sizeof text, "%+.2f", bar.other - bar.value);
    const ui::Rect change = row.cut_right(bar.has_other ? px(48) : 0);
    ui::text_in(change, Face::mono, t.warn, bar.has_other ? text : "", ui::Align::right);
    ui::text_in(row.cut_right(px(40)), Face::mono, bar.is_truth ? t.text : t.dim, ui::fixed(bar.value, 2),
                ui::Align::right);
    row.cut_right(px(8));
    const float height = px(6), y = std::round(row.center_y());
    ui::fill({row.x, y - (bar.has_other ? height : height / 2), row.w, height}, t.line, px(2));
    auto draw = [&](float top, double value, ImU32 color) {
      if (value > 0.002)
        ui::fill({row.x, top, std::max(px(2), static_cast<float>(value) * row.w), height}, color, px(2));
    };
    draw(y - (bar.has_other ? height : height / 2), bar.value, bar.is_truth ? t.good : t.accent);
    if (bar.has_other) draw(y, bar.other, t.warn);
  }
}

}  // namespace moescope::plots
