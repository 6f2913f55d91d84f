// The sheet of all keys.
#include "widgets/panels/help_sheet.h"

#include <cmath>
#include <string_view>

#include "widgets/ui/controls.h"
#include "widgets/ui/keys.h"

namespace moescope::panels {
namespace {

using ui::Face;
using ui::px;
using ui::Rect;

struct Entry {
  std::string_view keys, what;
};
struct Group {
  std::string_view title;
  std::initializer_list<Entry> entries;
};

const Group kGroups[] = {
    {"Run",
     {{"T", "start or pause"}, {"S", "one step, while paused"}, {"E", "evaluate now"}, {"C", "save a checkpoint"}}},
    {"Look",
     {{"J  K", "image before, after"},
      {",  .", "MoE layer before, after"},
      {"[  ]", "expert before, after"},
      {"N", "Soft MoE: scale from zero, or stretched"},
      {"click", "pin a patch, an expert or a slot"},
      {"Esc", "unpin everything"}}},
    {"Ask",
     {{"X hold", "what if the pointed expert were off"}, {"eye", "turn an expert off until it is turned on again"}}},
    {"Window",
     {{"D", "dark or light"},
      {"P", "save a picture of the window"},
      {"?", "this sheet"},
      {"Tab, arrows", "move between controls"}}},
};

}  // namespace

bool draw_help_sheet(const Rect& screen) {
  const ui::Theme& t = ui::theme();
  ImGui::SetNextWindowPos(screen.min());
  ImGui::SetNextWindowSize(screen.size());
  ImGui::SetNextWindowFocus();
  ImGui::PushStyleColor(ImGuiCol_WindowBg, ui::fade(IM_COL32_BLACK, t.dark ? 0.55f : 0.30f));
  ImGui::Begin("help", nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings |
                   ImGuiWindowFlags_NoNav);
  ImGui::PopStyleColor();
  float height = px(64);
  for (const Group& group : kGroups) height += px(36) + static_cast<float>(group.entries.size()) * px(26);
  const float width = std::min(px(520), screen.w - px(32));
  Rect card{std::round(screen.x + (screen.w - width) / 2), std::round(screen.y + (screen.h - height) / 2), width,
            height};
  ui::fill(card, t.panel, px(10));
  ui::frame(card, t.line, px(10));
  Rect inside = card.inset(px(28), px(20));
  for (const Group& group : kGroups) {
    ui::text_in(inside.cut_top(px(30)), Face::title, t.text, group.title);
    for (const Entry& entry : group.entries) {
      Rect row = inside.cut_top(px(26));
      ui::text_in(row.cut_left(px(120)), Face::mono, t.accent, entry.keys);
      ui::text_in(row, Face::body, t.dim, entry.what);
    }
    inside.cut_top(px(6));
  }
  const bool clicked = ui::hit("close", screen).clicked;
  ImGui::End();
  return clicked || ui::typed('?') > 0 || ImGui::IsKeyPressed(ImGui::GetKeyIndex(ImGuiKey_Escape));
}

}  // namespace moescope::panels
