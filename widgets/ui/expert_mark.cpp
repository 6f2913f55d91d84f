// Colours and hatches of experts.
#include "widgets/ui/expert_mark.h"

#include <cmath>

namespace moescope::ui {
namespace {

void lines(const Rect& area, Hatch hatch, ImU32 color) {
  ImDrawList& list = canvas();
  const float step = px(area.w < px(16) ? 4 : 6), width = px(1);
  const bool rising = hatch == Hatch::rising || hatch == Hatch::crossed;
  const bool falling = hatch == Hatch::falling || hatch == Hatch::crossed;
  const bool level = hatch == Hatch::level || hatch == Hatch::grid;
  const bool upright = hatch == Hatch::upright || hatch == Hatch::grid;
  for (float d = step / 2; d < area.w + area.h; d += step) {
    if (rising) list.AddLine({area.x + d, area.y}, {area.x + d - area.h, area.bottom()}, color, width);
    if (falling) list.AddLine({area.right() - d, area.y}, {area.right() - d + area.h, area.bottom()}, color, width);
  }
  for (float y = area.y + step / 2; level && y < area.bottom(); y += step)
    list.AddLine({area.x, y}, {area.right(), y}, color, width);
  for (float x = area.x + step / 2; upright && x < area.right(); x += step)
    list.AddLine({x, area.y}, {x, area.bottom()}, color, width);
  if (hatch != Hatch::dots) return;
  for (float y = area.y + step / 2; y < area.bottom(); y += step)
    for (float x = area.x + step / 2; x < area.right(); x += step)
      list.AddRectFilled({x - width, y - width}, {x + width, y + width}, color);
}

}  // namespace

Hatch hatch_of(int64_t expert) {
  return expert < 0 ? Hatch::none : static_cast<Hatch>(expert / palette_size() % kNumHatches);
}

void fill_expert(const Rect& area, int64_t expert, float alpha, float rounding) {
  fill(area, fade(expert_color(expert), alpha), rounding);
  const Hatch hatch = hatch_of(expert);
  if (hatch == Hatch::none || area.empty()) return;
  const Clip clip(area);
  lines(area, hatch, IM_COL32(0, 0, 0, 130));
}

void expert_swatch(const Rect& area, int64_t expert, float alpha) {
  const float side = px(13);
  fill_expert({area.x, std::round(area.center_y() - side / 2), side, side}, expert, alpha, px(3));
}

}  // namespace moescope::ui
