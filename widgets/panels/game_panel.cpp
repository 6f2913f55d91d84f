// The frame as large as fits in whole pixels; two lines of controls.
#include "widgets/panels/game_panel.h"

#include <cmath>
#include <functional>
#include <string>

#include "compute/records/look.h"
#include "widgets/panels/image_view.h"
#include "widgets/ui/controls.h"
#include "widgets/ui/expert_mark.h"
#include "widgets/ui/format.h"
#include "widgets/ui/panel.h"
#include "widgets/ui/tooltip.h"

namespace moescope::panels {
namespace {

using ui::Face;
using ui::px;
using ui::Rect;

constexpr float kLine = 28, kGap = 8;
constexpr float kNarrow = 520;     // design units; below, the episode's slider has a line of its own
constexpr double kFastest = 1000;  // steps a second on the slider; above it: as fast as it goes

/// Where the grid of tokens lies on the screen.
Picture token_picture(const Rect& frame, const AgentView& view) {
  const auto& [left, top, right, bottom] = view.token_area;
  const Rect grid{frame.x + left * frame.w, frame.y + top * frame.h, (right - left) * frame.w,
                  (bottom - top) * frame.h};
  return {grid, grid};
}

void draw_experts(const Picture& grid, const RoutingMap& map, Selection& selection) {
  for (int64_t patch = 0; patch < num_patches(map); ++patch) {
    const int32_t expert = main_expert_of_patch(map, patch);
    const Rect cell = patch_rect(grid, map, patch);
    if (expert < 0) {
      ui::frame(cell.inset(px(1)), ui::theme().faint, 0, px(1));
      continue;
    }
    const bool pointed = selection.expert() < 0 || selection.expert() == expert;
    ui::fill_expert(cell, expert, pointed ? 0.42f : 0.12f);
  }
  const int64_t patch = patch_under_mouse(grid, map);
  if (patch >= 0) {
    selection.hovering.token = token_of_patch(map, patch);
    selection.hovering.expert = main_expert_of_patch(map, patch);
  }
  outline_patch(grid, map, selection.hovered.token, true);
}

}  // namespace

uint64_t frame_key(const AgentView& view) {
  const std::string_view bytes(reinterpret_cast<const char*>(view.frame.values.data()), view.frame.values.size());
  return ui::texture_key({7, std::hash<std::string_view>{}(bytes), static_cast<uint64_t>(view.frame.width)});
}

std::string where_in_game(const AgentView& view) {
  return "episode " + std::to_string(view.first_episode + view.episode + 1) + "   step " + ui::grouped(view.step) +
         "   return " + ui::compact(view.return_here);
}

void GamePanel::draw_frame(const Rect& area, const Seen& seen, const AgentView& view, Selection& selection) const {
  Rect frame = fit_image(area, view.frame);
  frame.x += std::round((area.w - frame.w) / 2);
  draw_texture({frame, frame}, seen.textures->image(frame_key(view), view.frame));
  if (view.over) {
    const Rect band{frame.x, frame.center_y() - px(20), frame.w, px(40)};
    ui::fill(band, IM_COL32(0, 0, 0, 170));
    ui::text_in(band, Face::title, IM_COL32_WHITE, "the episode is over: " + ui::compact(view.return_here),
                ui::Align::center);
  } else if (show_experts && !view.routing.empty() && num_patches(view.routing.front()) > 0) {
    draw_experts(token_picture(frame, view), view.routing.front(), selection);
  }
  ui::frame(frame, ui::theme().line);
}

void GamePanel::draw_transport(Rect area, const AgentView& view, GameWishes& wishes) {
  const ui::Theme& t = ui::theme();
  Rect line = area.cut_top(px(kLine));
  if (ui::button("play", line.cut_left(px(72)), view.playing ? "Pause" : "Play", ui::ButtonKind::primary))
    wishes.play = !view.playing;
  line.cut_left(px(6));
  const Rect back = line.cut_left(px(30));
  if (ui::button("back", back, "<", ui::ButtonKind::plain, view.step > 0)) wishes.step_by = -1;
  ui::tip(back, {"One step back  (,)", "The episode is told again from its seed and actions up to there."});
  line.cut_left(px(4));
  const Rect ahead = line.cut_left(px(30));
  if (ui::button("ahead", ahead, ">", ui::ButtonKind::plain, !view.over)) wishes.step_by = 1;
  ui::tip(ahead, {"One step  (.)", "By the stored action when this state was played before, else by the agent."});
  line.cut_left(px(12));
  if (area.w < px(kNarrow)) {
    draw_pace(line, wishes);
    area.cut_top(px(kGap));
    line = area.cut_top(px(kLine));
  }
  const std::string place = ui::grouped(view.step) + " / " + ui::grouped(view.length);
  const Rect number = line.cut_right(px(104));
  ui::text_in(number, Face::mono, t.dim, place, ui::Align::right);
  line.cut_right(px(8));
  scrub_ = static_cast<double>(view.step);
  const ui::SliderScale scale{0, static_cast<double>(std::max<int64_t>(1, view.length)), false, true, false};
  const ui::SliderResult moved = ui::slider("scrub", line, scale, scrub_, t.accent);
  if (moved.changed) wishes.go_to = std::llround(scrub_);
  ui::tip(line, {"The episode",
                 "From its first state to the last one played. Its steps are not stored: the game is "
                 "told again from its seed and its actions."});
  area.cut_top(px(kGap));
  draw_switches(area.cut_top(px(kLine)), view, wishes);
}

void GamePanel::draw_switches(Rect line, const AgentView& view, GameWishes& wishes) {
  const auto on = [](bool is) { return is ? ui::ButtonKind::primary : ui::ButtonKind::plain; };
  const bool wide = line.w >= px(kNarrow);
  const Rect fresh = line.cut_right(px(96));
  if (ui::button("new", fresh, "New episode")) wishes.begin_episode = true;
  ui::tip(fresh, {"New episode  (N)", "From the next seed; the one on view stays in the list."});
  line.cut_right(px(6));
  const Rect hand = line.cut_right(px(72));
  if (ui::button("hand", hand, "By hand", on(view.by_hand))) wishes.by_hand = !view.by_hand;
  ui::tip(hand, {"Take over  (H)",
                 "The arrow keys and Space move; without a key nothing is done. While the game "
                 "stands, each key is one step."});
  line.cut_right(px(6));
  if (!view.routing.empty()) {
    const Rect experts = line.cut_right(px(72));
    if (ui::button("experts", experts, "Experts", on(show_experts))) show_experts = !show_experts;
    ui::tip(experts, {"Experts over the frame  (A)", "Each place in the colour of the expert that does most for it."});
    line.cut_right(px(12));
  }
  if (wide) draw_pace(line, wishes);
}

void GamePanel::draw_pace(Rect line, GameWishes& wishes) {
  const ui::Theme& t = ui::theme();
  ui::text_in(line.cut_left(px(44)), Face::small, t.dim, "speed");
  const bool fastest = speed <= 0;
  const Rect number = line.cut_right(px(66));
  ui::text_in(number, Face::mono, t.dim, fastest ? "fastest" : ui::compact(std::round(speed)) + " /s",
              ui::Align::right);
  line.cut_right(px(6));
  double shown = fastest ? kFastest : speed;
  if (ui::slider("speed", line, {1, kFastest, true, false, false}, shown, t.accent).changed) {
    speed = shown >= kFastest * 0.98 ? 0 : shown;
    wishes.speed = speed;
  }
  ui::tip(line, {"Speed", "Steps a second; at the right end as fast as one core can."});
}

GameWishes GamePanel::draw_ui(const Rect& area, const Seen& seen, const AgentView& view, Selection& selection) {
  GameWishes wishes;
  ImGui::PushID("game");
  std::string game = view.config.game;
  std::replace(game.begin(), game.end(), '_', ' ');
  if (!game.empty()) game.front() = static_cast<char>(std::toupper(game.front()));
  const std::string weights = "weights of step " + ui::grouped(view.weights_step);
  Rect inside = ui::panel(area, game, where_in_game(view) + "   " + weights, where_in_game(view));
  const int lines = inside.w < px(kNarrow) ? 3 : 2;
  const Rect transport = inside.cut_bottom(px(static_cast<float>(lines) * (kLine + kGap) - kGap));
  inside.cut_bottom(px(10));
  if (seen.textures) draw_frame(inside, seen, view, selection);
  draw_transport(transport, view, wishes);
  ImGui::PopID();
  return wishes;
}

}  // namespace moescope::panels
