// Hit areas, buttons, choices, badges.
#include <imgui_internal.h>

#include <cmath>

#include "widgets/ui/controls.h"

namespace moescope::ui {

Hit hit(const char* id, const Rect& area) {
  if (area.empty()) return {};
  ImGui::SetCursorScreenPos(area.min());
  Hit result;
  result.clicked = ImGui::InvisibleButton(id, area.size());
  result.hovered = ImGui::IsItemHovered();
  result.held = ImGui::IsItemActive();
  result.released = ImGui::IsItemDeactivated();
  result.focused = ImGui::IsItemFocused() && !ImGui::GetCurrentContext()->NavDisableHighlight;
  if (result.focused) frame(area.inset(-px(2)), theme().accent, px(6), px(1.5f));
  return result;
}

bool hovering(const Rect& area) {
  return ImGui::IsWindowHovered() && !ImGui::IsAnyItemActive() && area.contains(ImGui::GetIO().MousePos);
}

bool button(const char* id, const Rect& area, std::string_view label, ButtonKind kind, bool enabled) {
  const Theme& t = theme();
  const Hit h = enabled ? hit(id, area) : Hit{};
  ImU32 surface = kind == ButtonKind::primary ? t.accent : kind == ButtonKind::plain ? t.raised : 0;
  if (!enabled) surface = kind == ButtonKind::quiet ? 0 : t.raised;
  if (h.hovered) surface = mix(kind == ButtonKind::quiet ? t.raised : surface, t.text, h.held ? 0.16f : 0.08f);
  const ImU32 ink = !enabled                      ? t.faint
                    : kind == ButtonKind::primary ? t.on_accent
                    : kind == ButtonKind::plain   ? t.text
                                                  : t.dim;
  fill(area, surface, px(6));
  const Face face = kind == ButtonKind::primary ? Face::title : Face::small;
  text_in(area, face, ink, label, Align::center);
  return h.clicked;
}

int segmented(const char* id, const Rect& area, std::span<const std::string> words, int chosen) {
  const Theme& t = theme();
  int clicked = -1;
  ImGui::PushID(id);
  const float gap = px(4);
  const float width = (area.w - gap * static_cast<float>(words.size() - 1)) / static_cast<float>(words.size());
  for (size_t i = 0; i < words.size(); ++i) {
    const float x = std::round(area.x + static_cast<float>(i) * (width + gap));
    const Rect cell{x, area.y, std::round(width), area.h};
    ImGui::PushID(static_cast<int>(i));
    const Hit h = hit("word", cell);
    ImGui::PopID();
    const bool on = static_cast<int>(i) == chosen;
    fill(cell, on ? t.accent : h.hovered ? mix(t.raised, t.text, 0.08f) : t.raised, px(5));
    text_in(cell.inset(px(4), 0), Face::small, on ? t.on_accent : t.dim, words[i], Align::center);
    if (h.clicked) clicked = static_cast<int>(i);
  }
  ImGui::PopID();
  return clicked;
}

void load_bar(const Rect& area, double value, double max, double reference, ImU32 color) {
  const Theme& t = theme();
  const float radius = area.h / 2;
  fill(area, t.raised, radius);
  const double share = max > 0 && std::isfinite(value) ? std::clamp(value / max, 0.0, 1.0) : 0.0;
  const float width = static_cast<float>(share) * area.w;
  if (width >= 1) fill({area.x, area.y, std::max(width, area.h * 0.5f), area.h}, color, std::min(radius, width / 2));
  if (reference >= 0 && reference <= max) {
    const float x = area.x + static_cast<float>(reference / max) * area.w;
    vline(x, area.y - px(3), area.bottom() + px(3), t.dim, px(1));
  }
}

}  // namespace moescope::ui
