// Panels and areas that scroll.
#include "widgets/ui/panel.h"

#include <cmath>

#include "widgets/ui/controls.h"

namespace moescope::ui {

Rect panel_surface(const Rect& area) {
  fill_surface(area, theme().panel, px(8));
  frame(area, theme().line, px(8));
  return area.inset(px(kInset));
}

Rect panel(const Rect& area, std::string_view title, std::string_view context, std::string_view shorter) {
  panel_surface(area);
  Rect inside = area.inset(px(kInset), 0);
  Rect header = inside.cut_top(px(kHeader));
  header.y += px(1);
  const float title_end = text_in(header, Face::title, theme().text, title);
  Rect rest = header;
  rest.cut_left(title_end - header.x + px(16));
  text_in(rest, Face::small, theme().dim, fitting(Face::small, rest.w, {context, shorter}), Align::right);
  inside.cut_bottom(px(kInset));
  return inside;
}

Rect tab_panel(const Rect& area, std::span<const std::string_view> names, int& chosen, std::string_view context,
               std::string_view shorter) {
  panel_surface(area);
  Rect inside = area.inset(px(kInset), 0);
  Rect header = inside.cut_top(px(kHeader));
  header.y += px(1);
  ImGui::PushID("tabs");
  for (size_t i = 0; i < names.size(); ++i) {
    const bool on = static_cast<int>(i) == chosen;
    const Face face = on ? Face::title : Face::small;
    const float width = text_width(face, names[i]) + 1;
    if (width > header.w) break;
    const Rect word = header.cut_left(width);
    header.cut_left(px(10));
    ImGui::PushID(static_cast<int>(i));
    const Hit h = hit("tab", {word.x - px(4), word.y + px(8), word.w + px(8), word.h - px(16)});
    ImGui::PopID();
    if (h.clicked) chosen = static_cast<int>(i);
    text_in(word, face, on ? theme().text : h.hovered ? theme().accent : theme().dim, names[i]);
  }
  ImGui::PopID();
  text_in(header, Face::small, theme().dim, fitting(Face::small, header.w, {context, shorter}), Align::right);
  inside.cut_bottom(px(kInset));
  return inside;
}

void splitter(const char* id, const Rect& gutter, bool upright, float sign, float low, float high, float& size) {
  const Hit h = hit(id, gutter);
  if (h.hovered || h.held) {
    ImGui::SetMouseCursor(upright ? ImGuiMouseCursor_ResizeEW : ImGuiMouseCursor_ResizeNS);
    const Rect line = upright ? Rect{gutter.x + gutter.w / 2 - 1, gutter.y, px(2), gutter.h}
                              : Rect{gutter.x, gutter.y + gutter.h / 2 - 1, gutter.w, px(2)};
    fill(line, h.held ? theme().accent : theme().line, px(1));
  }
  if (!h.held) return;
  const ImVec2 moved = ImGui::GetIO().MouseDelta;
  size = std::clamp(size + sign * (upright ? moved.x : moved.y) / look().scale, low, high);
}

ScrollArea::ScrollArea(const char* id, const Rect& area, float content_height) : area_(area) {
  ImGui::SetCursorScreenPos(area.min());
  ImGui::BeginChild(id, {std::max(1.f, area.w), std::max(1.f, area.h)}, false, ImGuiWindowFlags_NoBackground);
  const ImVec2 top = ImGui::GetCursorScreenPos();
  ImGui::Dummy({1, content_height});
  const bool scrolls = content_height > area.h + 0.5f;
  content_ = {top.x, top.y, area.w - (scrolls ? ImGui::GetStyle().ScrollbarSize + px(2) : 0), content_height};
}

ScrollArea::~ScrollArea() { ImGui::EndChild(); }

std::pair<int64_t, int64_t> ScrollArea::rows_in_view(int64_t count, float row_height) const {
  const auto first = static_cast<int64_t>(std::floor((area_.y - content_.y) / row_height));
  const auto last = static_cast<int64_t>(std::ceil((area_.bottom() - content_.y) / row_height));
  return {std::clamp<int64_t>(first, 0, count), std::clamp<int64_t>(last, 0, count)};
}

}  // namespace moescope::ui
