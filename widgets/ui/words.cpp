// Words as buttons, in lines.
#include "widgets/ui/controls.h"

namespace moescope::ui {

int words(const char* id, Rect& area, std::span<const std::string> names, const std::function<bool(size_t)>& on,
          int lines) {
  int clicked = -1;
  ImGui::PushID(id);
  Rect line = area.cut_top(px(26));
  for (size_t i = 0; i < names.size(); ++i) {
    const bool filled = on(i);  // whose letters are wider
    const float width = text_width(filled ? Face::title : Face::small, names[i]) + px(16);
    if (width > line.w) {
      if (--lines <= 0) break;
      area.cut_top(px(4));
      line = area.cut_top(px(26));
    }
    const Rect cell = line.cut_left(width);
    line.cut_left(px(4));
    if (button(names[i].c_str(), cell, names[i], filled ? ButtonKind::primary : ButtonKind::plain))
      clicked = static_cast<int>(i);
  }
  ImGui::PopID();
  area.cut_top(px(8));
  return clicked;
}

}  // namespace moescope::ui
