// One line of text.
#include <imgui.h>
#include <imgui_stdlib.h>

#include <cstring>

#include "widgets/ui/controls.h"

namespace moescope::ui {

TextBoxResult text_box(const char* id, const Rect& area, std::string& text, const char* hint, Face face) {
  const Theme& t = theme();
  fill(area, t.raised, px(5));
  const float pad = px(8), height = line_height(face);
  ImGui::SetCursorScreenPos({area.x, area.y});
  ImGui::PushFont(font(face));
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, {pad, (area.h - height) / 2});
  ImGui::PushStyleColor(ImGuiCol_FrameBg, 0);
  ImGui::PushStyleColor(ImGuiCol_FrameBgHovered, 0);
  ImGui::PushStyleColor(ImGuiCol_FrameBgActive, 0);
  ImGui::SetNextItemWidth(area.w);
  TextBoxResult result;
  result.entered = ImGui::InputTextWithHint(id, hint, &text, ImGuiInputTextFlags_EnterReturnsTrue);
  result.changed = ImGui::IsItemEdited();
  result.left = ImGui::IsItemDeactivated();
  result.active = ImGui::IsItemActive();
  ImGui::PopStyleColor(3);
  ImGui::PopStyleVar();
  ImGui::PopFont();
  if (result.active) {
    frame(area, t.accent, px(5));
    redraw_in(0.5);  // the caret blinks
  }
  return result;
}

}  // namespace moescope::ui
