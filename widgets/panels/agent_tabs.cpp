// Five pages of one panel.
#include "widgets/panels/agent_tabs.h"

#include <string>

#include "widgets/panels/states.h"
#include "widgets/plots/line_plot.h"
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

constexpr std::string_view kTabs[] = {"Return", "Health", "Episode", "Replay", "Episodes"};
constexpr float kRow = 24;

void draw_return(const Rect& inside, const History& history, Selection& selection) {
  const ui::Theme& t = ui::theme();
  plots::LinePlot plot;
  plot.left_from_zero = true;
  plot.empty = "the curves begin with the first thousand steps";
  plot.lines.push_back({history.find("rl/return"), "return", t.accent, false, false, 2});
  plot.lines.push_back({history.find("rl/q"), "Q", t.good, true, false, 2});
  plot.lines.push_back({history.find("rl/td_error"), "TD error", t.warn, true, false, 3});
  const int64_t step = plots::draw_line_plot(inside, plot, selection.hovered_step);
  if (step >= 0) selection.hovering_step = step;
}

std::string player_text(const EpisodeLine& line) {
  if (line.by == PlayedBy::hand) return "by hand";
  return line.by == PlayedBy::agent ? "agent" : "experts off: " + line.experts_off;
}

}  // namespace

void AgentTabs::draw_health(Rect inside, const AgentView& view, const History& history, Selection& selection) {
  static const std::string kMeasures[] = {"dormant", "load", "gradient share", "all units"};
  static constexpr const char* kKeys[] = {"dormant", "load", "gradient_share"};
  const ui::Theme& t = ui::theme();
  plots::LinePlot plot;
  plot.left_from_zero = true;
  plot.empty = "measured with every row of metrics, once it learns";
  const bool experts = !view.routing.empty();
  if (experts) {
    Rect words = inside.cut_top(px(24));
    words = words.cut_left(std::min(px(420), words.w));
    ui::tip(words, {"Of each expert",
                    "Dormant: share of units whose mean activation is at most 0.025 of the mean of their expert's. "
                    "Load: summed combine weights over the fair share. Gradient share: of the experts' squared "
                    "gradients.",
                    "", "Sokar et al., arXiv 2302.12902"});
    if (const int clicked = ui::segmented("measure", words, kMeasures, measure_); clicked >= 0) measure_ = clicked;
    inside.cut_top(px(4));
  }
  if (experts && measure_ < 3) {
    for (int64_t e = 0; e < view.config.experts; ++e) {
      const bool lit = selection.expert() < 0 || selection.expert() == e;
      plot.lines.push_back({history.find("layer0/" + std::string(kKeys[measure_]) + "/e" + std::to_string(e)),
                            "E" + std::to_string(e), ui::fade(ui::expert_color(e), lit ? 1 : 0.2f), false, false, 2});
    }
  } else {
    plot.lines.push_back({history.find("rl/dormant"), "dormant", t.warn, false, false, 3});
    plot.lines.push_back({history.find("rl/effective_rank"), "rank", t.accent, true, false, 0});
  }
  const int64_t step = plots::draw_line_plot(inside, plot, selection.hovered_step);
  if (step >= 0) selection.hovering_step = step;
}

void AgentTabs::draw_episode(const Rect& inside, const AgentView& view, TabWishes& wishes) {
  const ui::Theme& t = ui::theme();
  if (drawn_ != view.serial) {
    drawn_ = view.serial;
    const auto take = [](const std::vector<float>& from, int64_t first, plots::Series& into) {
      into.clear();
      for (size_t i = 0; i < from.size(); ++i) into.add(first + static_cast<int64_t>(i), static_cast<double>(from[i]));
    };
    take(view.returns, 1, returns_);
    take(view.best_values, 0, values_);
    take(view.td_errors, 0, errors_);
  }
  plots::LinePlot plot;
  plot.empty = "nothing played yet";
  plot.marks.push_back({view.step, "on view", ""});
  plot.lines.push_back({&values_, "best Q", t.good, false, false, 2});
  plot.lines.push_back({&errors_, "TD error", t.warn, false, false, 2});
  plot.lines.push_back({&returns_, "return", t.accent, true, false, 1});
  const int64_t step = plots::draw_line_plot(inside, plot, -1);
  if (step >= 0 && ImGui::IsMouseDown(0)) wishes.go_to = std::min(step, view.length);
}

void AgentTabs::draw_episodes(Rect inside, const AgentView& view, TabWishes& wishes) const {
  const ui::Theme& t = ui::theme();
  Rect head = inside.cut_top(px(26));
  const Rect keep = head.cut_right(px(150));
  if (ui::button("keep", keep, "Keep as a file", ui::ButtonKind::plain, view.length > 0)) wishes.keep_episode = true;
  ui::tip(keep, {"Keep the episode on view  (Ctrl+E)",
                 "Seed and actions, in the folder episodes beside the store; "
                 "`moescope rl play --episode FILE` tells it again."});
  const float columns[] = {60, 90, 90, 120};
  const auto draw_cells = [&](Rect line, const std::array<std::string, 5>& cells, ImU32 color) {
    for (size_t c = 0; c < cells.size(); ++c) {
      const bool last = c + 1 == cells.size();
      const Rect cell = last ? line : line.cut_left(px(columns[c]));
      ui::text_in(last ? Rect{cell.x + px(20), cell.y, cell.w - px(20), cell.h} : cell, last ? Face::small : Face::mono,
                  color, cells[c], last ? ui::Align::left : ui::Align::right);
    }
  };
  draw_cells(head, {"episode", "steps", "return", "weights", "played by"}, t.faint);
  const auto count = static_cast<int64_t>(view.episodes.size());
  const ui::ScrollArea scroll("episodes", inside, px(kRow) * static_cast<float>(count));
  const auto [first, last] = scroll.rows_in_view(count, px(kRow));
  for (int64_t row = first; row < last; ++row) {
    const int64_t i = count - 1 - row;  // newest first
    const EpisodeLine& one = view.episodes[static_cast<size_t>(i)];
    const Rect line{scroll.content().x, scroll.content().y + static_cast<float>(row) * px(kRow), scroll.content().w,
                    px(kRow)};
    ImGui::PushID(static_cast<int>(i));
    const ui::Hit hit = ui::hit("episode", line);
    ImGui::PopID();
    if (hit.clicked) wishes.open_episode = view.first_episode + i;
    if (hit.hovered || i == view.episode) ui::fill(line, ui::fade(t.accent, i == view.episode ? 0.14f : 0.06f), px(4));
    draw_cells(
        line,
        {std::to_string(view.first_episode + i + 1), ui::grouped(one.length),
         ui::compact(one.episode_return) + (one.over ? "" : " …"), ui::grouped(one.weights_step), player_text(one)},
        i == view.episode ? t.text : t.dim);
  }
}

TabWishes AgentTabs::draw_ui(const Rect& area, const AgentView& view, const ReplayView* replay, const History& history,
                             Selection& selection) {
  TabWishes wishes;
  ImGui::PushID("tabs");
  const std::string context = tab <= 1 && history.num_points() > 0 ? "steps 0 – " + ui::grouped(history.last_step())
                              : tab == 2                           ? "drag to move within the episode"
                              : tab == 3 && replay                 ? "valued " + ui::grouped(replay->sampled) + " of " +
                                                         ui::grouped(replay->size) + " transitions"
                                                   : "";
  const Rect inside = ui::tab_panel(area, kTabs, tab, context);
  if (tab == 0) draw_return(inside, history, selection);
  if (tab == 1) draw_health(inside, view, history, selection);
  if (tab == 2) draw_episode(inside, view, wishes);
  if (tab == 3) {
    if (replay)
      draw_replay(inside, *replay, selection);
    else
      draw_state(inside, Mood::loading, "Looking at the buffer", "Its transitions are valued by the weights at play.");
    wishes.look_at_replay = true;  // for as long as somebody looks
  }
  if (tab == 4) draw_episodes(inside, view, wishes);
  ImGui::PopID();
  return wishes;
}

}  // namespace moescope::panels
