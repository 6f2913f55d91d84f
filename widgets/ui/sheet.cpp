// A card over the dimmed screen.
#include "widgets/ui/sheet.h"

#include <cmath>

#include "widgets/ui/controls.h"
#include "widgets/ui/keys.h"

namespace moescope::ui {

Sheet::Sheet(const char* id, const Rect& screen, float width, float height) : screen_(screen) {
  const Theme& t = theme();
  ImGui::SetNextWindowPos(screen.min());
  ImGui::SetNextWindowSize(screen.size());
  ImGui::SetNextWindowFocus();
  ImGui::PushStyleColor(ImGuiCol_WindowBg, fade(IM_COL32_BLACK, t.dark ? 0.55f : 0.30f));
  ImGui::Begin(id, nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings |
                   ImGuiWindowFlags_NoNav);
  ImGui::PopStyleColor();
  if (ImGui::IsWindowAppearing()) redraw_in(0);  // from the next frame on it has the mouse: what was pointed at lets go
  const float w = std::min(px(width), screen.w - px(16)), h = std::min(px(height), screen.h - px(16));
  card_ = {std::round(screen.x + (screen.w - w) / 2), std::round(screen.y + (screen.h - h) / 2), w, h};
  fill(card_, t.panel, px(10));
  frame(card_, t.line, px(10));
  inside_ = card_.inset(px(28), px(20));
}

Sheet::~Sheet() { ImGui::End(); }

bool Sheet::dismissed() const {
  const bool beside = ImGui::IsMouseClicked(0) && !card_.contains(ImGui::GetIO().MousePos);
  return beside || pressed(Key::escape);
}

}  // namespace moescope::ui
