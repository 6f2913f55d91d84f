// Blink and split.
#include "widgets/panels/in_place.h"

#include <algorithm>
#include <cmath>

#include "widgets/ui/controls.h"

namespace moescope::panels {

using ui::px;
using ui::Rect;

namespace {

float line_x(const Picture& picture, float line) { return std::round(picture.frame.x + line * picture.frame.w); }

}  // namespace

void InPlace::draw(const Picture& picture, const std::function<void()>& own, const std::function<void()>& other) {
  if (blinking) return other();
  own();
  if (!show_split) return;
  const Rect& frame = picture.frame;
  const float x = line_x(picture, line);
  {
    const ui::Clip clip({frame.x, frame.y, x - frame.x, frame.h});
    other();
  }
  const ui::Hit hit = ui::hit("split", {x - px(6), frame.y, px(12), frame.h});
  if (hit.hovered || hit.held) ImGui::SetMouseCursor(ImGuiMouseCursor_ResizeEW);
  if (hit.held) line = std::clamp((ImGui::GetIO().MousePos.x - frame.x) / frame.w, 0.02f, 0.98f);
  ui::vline(x, frame.y, frame.bottom(), IM_COL32(0, 0, 0, 180), px(4));
  ui::vline(x, frame.y, frame.bottom(), IM_COL32_WHITE, px(hit.hovered || hit.held ? 2.5f : 1.5f));
}

bool InPlace::is_other(const Picture& picture, float x) const {
  return blinking || (show_split && x < line_x(picture, line));
}

}  // namespace moescope::panels
