// Tool-tips.
#include "widgets/ui/tooltip.h"

#include <algorithm>

#include "widgets/ui/draw.h"

namespace moescope::ui {
namespace {

constexpr float kDelaySecs = 0.45f;

void line(Face face, ImU32 color, std::string_view text, float wrap) {
  if (text.empty()) return;
  ImGui::PushFont(font(face));
  ImGui::PushStyleColor(ImGuiCol_Text, color);
  ImGui::PushTextWrapPos(ImGui::GetCursorPosX() + wrap);
  ImGui::TextUnformatted(text.data(), text.data() + text.size());
  ImGui::PopTextWrapPos();
  ImGui::PopStyleColor();
  ImGui::PopFont();
}

}  // namespace

void tip_now(const Tip& what) {
  const Theme& t = theme();
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {px(12), px(10)});
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {px(8), px(4)});
  ImGui::PushStyleVar(ImGuiStyleVar_WindowRounding, px(8));
  ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 1);
  ImGui::BeginTooltip();
  const float wrap = px(320);
  line(Face::title, t.text, what.title, wrap);
  line(Face::small, t.dim, what.text, wrap);
  line(Face::mono, t.text, what.formula, wrap);
  line(Face::small, t.faint, what.source, wrap);
  ImGui::EndTooltip();
  ImGui::PopStyleVar(4);
}

void tip(const Rect& area, const Tip& what) {
  const ImGuiIO& io = ImGui::GetIO();
  if (!ImGui::IsWindowHovered(ImGuiHoveredFlags_AllowWhenBlockedByActiveItem) || !area.contains(io.MousePos)) return;
  if (io.MouseDown[0]) return;
  // How long the mouse has rested is kept per ImGui context, in the storage of the window that is hovered.
  ImGuiStorage& storage = *ImGui::GetStateStorage();
  const ImGuiID key = ImGui::GetID("##tip"), time_key = ImGui::GetID("##tip-since");
  const int here = static_cast<int>(area.x) * 7919 + static_cast<int>(area.y);
  const auto now = static_cast<float>(ImGui::GetTime());
  const bool moved = io.MouseDelta.x != 0 || io.MouseDelta.y != 0;
  if (storage.GetInt(key) != here || (moved && now - storage.GetFloat(time_key) < kDelaySecs)) {
    storage.SetInt(key, here);
    storage.SetFloat(time_key, now);
  }
  const float rested = now - storage.GetFloat(time_key);
  if (rested >= kDelaySecs)
    tip_now(what);
  else
    redraw_in(kDelaySecs - rested + 0.01);
}

}  // namespace moescope::ui
