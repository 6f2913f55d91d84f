// The replay buffer in four columns.
#include <algorithm>
#include <cmath>
#include <string>

#include "widgets/panels/agent_tabs.h"
#include "widgets/ui/controls.h"
#include "widgets/ui/expert_mark.h"
#include "widgets/ui/format.h"
#include "widgets/ui/tooltip.h"

namespace moescope::panels {
namespace {

using ui::Face;
using ui::px;
using ui::Rect;

constexpr float kTitle = 20, kFoot = 18;

/// Upright bars with a title above and the ends of the axis below.
template <class Value>
void draw_columns(Rect area, const std::string& title, const std::vector<Value>& values, const std::string& low,
                  const std::string& high, ImU32 color, const std::string& unit) {
  const ui::Theme& t = ui::theme();
  ui::text_in(area.cut_top(px(kTitle)), Face::small, t.dim, ui::fit_text(Face::small, title, area.w));
  const Rect foot = area.cut_bottom(px(kFoot));
  ui::hline(area.x, area.right(), area.bottom(), t.line);
  ui::text_in(foot, Face::mono, t.faint, low);
  ui::text_in(foot, Face::mono, t.faint, high, ui::Align::right);
  const auto most = static_cast<double>(values.empty() ? Value{} : *std::max_element(values.begin(), values.end()));
  const float width = area.w / static_cast<float>(std::max<size_t>(1, values.size()));
  for (size_t i = 0; i < values.size(); ++i) {
    const float height = most > 0 ? static_cast<float>(static_cast<double>(values[i]) / most) * (area.h - px(4)) : 0;
    const Rect slot{area.x + static_cast<float>(i) * width, area.y, width, area.h};
    if (values[i] > Value{})
      ui::fill({slot.x + 1, area.bottom() - std::max(px(1), height), width - 2, std::max(px(1), height)}, color, px(1));
    if (ui::hovering(slot)) ui::tip_now({title, "", ui::compact(static_cast<double>(values[i])) + " " + unit});
  }
}

void draw_experts(Rect area, const ReplayView& replay, Selection& selection) {
  const ui::Theme& t = ui::theme();
  ui::text_in(area.cut_top(px(kTitle)), Face::small, t.dim, "by dominant expert: states, mean |TD error|");
  const int64_t most = std::max<int64_t>(1, *std::max_element(replay.of_expert.begin(), replay.of_expert.end()));
  const auto count = static_cast<float>(replay.of_expert.size());
  const float height = std::floor(std::clamp(area.h / count, px(15), px(24)));
  for (size_t e = 0; e < replay.of_expert.size() && area.h >= height; ++e) {
    Rect row = area.cut_top(height);
    const bool lit = selection.expert() < 0 || selection.expert() == static_cast<int64_t>(e);
    if (ui::hovering(row)) selection.hovering.expert = static_cast<int64_t>(e);
    ui::expert_swatch(row.cut_left(px(14)), static_cast<int64_t>(e), lit ? 1 : 0.3f);
    row.cut_left(px(6));
    ui::text_in(row.cut_left(px(30)), Face::mono, t.dim, "E" + std::to_string(e));
    ui::text_in(row.cut_right(px(60)), Face::mono, t.warn, ui::fixed(replay.td_of_expert[e], 3), ui::Align::right);
    ui::text_in(row.cut_right(px(50)), Face::mono, t.text, ui::grouped(replay.of_expert[e]), ui::Align::right);
    row.cut_right(px(8));
    const float share = static_cast<float>(replay.of_expert[e]) / static_cast<float>(most);
    const Rect track{row.x, std::round(row.center_y() - px(4)), row.w, px(8)};
    ui::fill(track, t.line, px(2));
    ui::fill({track.x, track.y, track.w * share, track.h},
             ui::fade(ui::expert_color(static_cast<int64_t>(e)), lit ? 1 : 0.3f), px(2));
  }
}

void draw_counts(Rect area, const ReplayView& replay) {
  const ui::Theme& t = ui::theme();
  const auto line = [&](const std::string& name, const std::string& number) {
    if (area.h < px(17)) return;
    Rect row = area.cut_top(px(18));
    ui::text_in(row.cut_right(px(96)), Face::mono, t.text, number, ui::Align::right);
    ui::text_in(row, Face::small, t.dim, name);
  };
  const auto share = [&](int64_t count) {
    return replay.size == 0 ? std::string("–")
                            : ui::percent(static_cast<double>(count) / static_cast<double>(replay.size));
  };
  line("transitions", ui::grouped(replay.size));
  line("room for", ui::grouped(replay.capacity));
  line("memory", ui::bytes(replay.num_bytes));
  line("with a reward", share(replay.rewarded));
  line("episode ends", ui::grouped(replay.terminal + replay.truncated));
  for (size_t a = 0; a < replay.actions.size(); ++a) line(replay.actions[a], share(replay.of_action[a]));
}

}  // namespace

void draw_replay(const Rect& inside, const ReplayView& replay, Selection& selection) {
  const ui::Theme& t = ui::theme();
  Rect area = inside;
  const float gap = px(18);
  const bool experts = !replay.of_expert.empty();
  const float width = (area.w - (experts ? 3 : 2) * gap) / (experts ? 4.f : 3.f);
  draw_counts(area.cut_left(std::min(width, px(240))), replay);
  area.cut_left(gap);
  if (experts) {
    draw_experts(area.cut_right(std::min(width * 1.25f, px(340))), replay, selection);
    area.cut_right(gap);
  }
  const Rect left = area.cut_left((area.w - gap) / 2);
  area.cut_left(gap);
  draw_columns(left, "|TD error|, transitions", replay.td_histogram, "0", ui::compact(replay.td_high), t.accent,
               "transitions");
  draw_columns(area, "mean |TD error| by age", replay.td_by_age, "oldest", "newest", t.warn, "");
}

}  // namespace moescope::panels
