// Panels and areas that scroll.
#include "widgets/ui/panel.h"

#include <algorithm>
#include <cmath>

#include "widgets/ui/controls.h"

namespace moescope::ui {

namespace {

constexpr float kTabGap = 10, kArrow = 18;

float tab_width(std::span<const std::string_view> names, int tab, int chosen) {
  return text_width(tab == chosen ? Face::title : Face::small, names[static_cast<size_t>(tab)]) + 1;
}

struct TabsInView {
  int first = 0, last = 0;  // one past
};

/// As many tabs from `first` on as the width takes, at least one.
int last_tab(std::span<const std::string_view> names, int first, int chosen, float width) {
  float used = 0;
  int last = first;
  for (; last < static_cast<int>(names.size()); ++last) {
    used += tab_width(names, last, chosen);
    if (used > width && last > first) break;
    used += px(kTabGap);
  }
  return last;
}

/// An arrow of two strokes that moves the row of tabs; true when it was clicked.
bool tab_arrow(const char* id, const Rect& area, float direction, bool enabled) {
  const Hit h = enabled ? hit(id, {area.x, area.y + px(8), area.w, area.h - px(16)}) : Hit{};
  const float x = area.x + area.w / 2, y = area.center_y(), d = px(4);
  const ImVec2 points[] = {{x - direction * d / 2, y - d}, {x + direction * d / 2, y}, {x - direction * d / 2, y + d}};
  canvas().AddPolyline(points, 3, !enabled ? theme().line : h.hovered ? theme().accent : theme().dim, 0, px(1.5f));
  return h.clicked;
}

/// Where not all tabs fit, two arrows move the row; what is chosen comes into view when it changes.
TabsInView scroll_tabs(Rect& header, std::span<const std::string_view> names, int chosen) {
  const auto count = static_cast<int>(names.size());
  if (last_tab(names, 0, chosen, header.w) == count) return {0, count};
  Rect arrows = header.cut_right(px(2 * kArrow));
  header.cut_right(px(6));
  ImGuiStorage& storage = *ImGui::GetStateStorage();
  const ImGuiID first_key = ImGui::GetID("first"), chosen_key = ImGui::GetID("chosen");
  int first = std::clamp(storage.GetInt(first_key, 0), 0, count - 1);
  if (storage.GetInt(chosen_key, -1) != chosen) {
    first = std::min(first, chosen);
    while (last_tab(names, first, chosen, header.w) <= chosen) ++first;
    storage.SetInt(chosen_key, chosen);
  }
  const bool more = last_tab(names, first, chosen, header.w) < count;
  if (tab_arrow("before", arrows.cut_left(px(kArrow)), -1, first > 0)) --first;
  if (tab_arrow("after", arrows, 1, more)) ++first;
  storage.SetInt(first_key, first);
  return {first, last_tab(names, first, chosen, header.w)};
}

}  // namespace

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
  const TabsInView view = scroll_tabs(header, names, chosen);
  for (int i = view.first; i < view.last; ++i) {
    const bool on = i == chosen;
    const Face face = on ? Face::title : Face::small;
    const Rect word = header.cut_left(tab_width(names, i, chosen));
    header.cut_left(px(kTabGap));
    ImGui::PushID(i);
    const Hit h = hit("tab", {word.x - px(4), word.y + px(8), word.w + px(8), word.h - px(16)});
    ImGui::PopID();
    if (h.clicked) chosen = i;
    text_in(word, face, on ? theme().text : h.hovered ? theme().accent : theme().dim, names[static_cast<size_t>(i)]);
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

void ScrollArea::bring_into_view(int64_t row, float row_height) const {
  const float y = static_cast<float>(row) * row_height, top = ImGui::GetScrollY();
  if (y < top)
    ImGui::SetScrollY(y);
  else if (y + row_height > top + area_.h)
    ImGui::SetScrollY(y + row_height - area_.h);
}

std::pair<int64_t, int64_t> ScrollArea::rows_in_view(int64_t count, float row_height) const {
  const auto first = static_cast<int64_t>(std::floor((area_.y - content_.y) / row_height));
  const auto last = static_cast<int64_t>(std::ceil((area_.bottom() - content_.y) / row_height));
  return {std::clamp<int64_t>(first, 0, count), std::clamp<int64_t>(last, 0, count)};
}

}  // namespace moescope::ui
