// One row an action on one scale; two lines about returns below.
#include "widgets/panels/action_values.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "widgets/ui/controls.h"
#include "widgets/ui/format.h"
#include "widgets/ui/panel.h"
#include "widgets/ui/tooltip.h"

namespace moescope::panels {
namespace {

using ui::Face;
using ui::px;
using ui::Rect;

struct Range {
  float low = 0, high = 1;
  float share(float value) const { return std::clamp((value - low) / (high - low), 0.f, 1.f); }
};

Range range_of(const AgentView& view) {
  Range range{0, 0};
  for (const auto* values : {&view.values, &view.values_as_is})
    for (const float value : *values)
      if (std::isfinite(value)) range.low = std::min(range.low, value), range.high = std::max(range.high, value);
  // Round ends, so that bars do not jump with every frame.
  const float top = std::max(range.high, -range.low);
  const float step = top > 0 ? std::pow(2.f, std::ceil(std::log2(top))) : 1;
  return {range.low < 0 ? -step : 0, range.high > 0 ? step : (range.low < 0 ? 0.f : 1.f)};
}

std::string signed_text(double value, int decimals) { return (value >= 0 ? "+" : "") + ui::fixed(value, decimals); }

void draw_bar(const Rect& track, const Range& range, float value, ImU32 color) {
  const float zero = track.x + range.share(0) * track.w, end = track.x + range.share(value) * track.w;
  ui::fill({std::min(zero, end), track.y, std::max(px(2), std::abs(end - zero)), track.h}, color, px(2));
}

bool draw_row(Rect row, const AgentView& view, size_t action, const Range& range) {
  const ui::Theme& t = ui::theme();
  const bool best = static_cast<int>(action) == view.best, taken = static_cast<int>(action) == view.taken;
  ImGui::PushID(static_cast<int>(action));
  const ui::Hit hit = ui::hit("action", row);
  ImGui::PopID();
  if (hit.hovered) {
    ui::fill(row.inset(-px(6), 0), t.raised, px(4));
    ui::tip(row, {view.actions[action], "A click takes it: from then on a person plays.", "Q(s, a)"});
  }
  const Rect mark = row.cut_left(px(16));
  if (taken) ui::canvas().AddCircleFilled({mark.x + px(5), mark.center_y()}, px(4), t.good, 16);
  ui::text_in(row.cut_left(px(52)), best ? Face::title : Face::body, best ? t.text : t.dim, view.actions[action]);
  const bool both = !view.values_as_is.empty();
  if (both) {
    const double change = static_cast<double>(view.values[action]) - static_cast<double>(view.values_as_is[action]);
    ui::text_in(row.cut_right(px(56)), Face::mono, t.warn, signed_text(change, 3), ui::Align::right);
  }
  ui::text_in(row.cut_right(px(58)), Face::mono, best ? t.text : t.dim, ui::fixed(view.values[action], 3),
              ui::Align::right);
  row.cut_right(px(10));
  const float height = px(both ? 5 : 8), top = std::round(row.center_y() - (both ? height : height / 2));
  ui::fill({row.x, top, row.w, both ? 2 * height : height}, t.line, px(2));
  if (both) draw_bar({row.x, top, row.w, height}, range, view.values_as_is[action], ui::fade(t.accent, 0.55f));
  draw_bar({row.x, both ? top + height : top, row.w, height}, range, view.values[action], both ? t.warn : t.accent);
  ui::vline(row.x + range.share(0) * row.w, top - px(2), top + px(12), t.faint);
  return hit.clicked;
}

std::string mean_text(double mean, int64_t episodes) {
  return episodes == 0 ? "–" : ui::fixed(mean, 2) + " (" + std::to_string(episodes) + ")";
}

void draw_returns(Rect area, const AgentView& view) {
  const ui::Theme& t = ui::theme();
  const ReturnsSoFar& r = view.mean_return;
  const bool off = !view.values_as_is.empty();
  const auto line = [&](const std::string& name, const std::string& number, ImU32 color) {
    Rect row = area.cut_top(px(20));
    ui::text_in(row.cut_right(px(150)), Face::mono, color, number, ui::Align::right);
    ui::text_in(row, Face::small, t.dim, ui::fit_text(Face::small, name, row.w));
  };
  ui::tip(area, {"Returns of whole episodes", "The mean over the episodes played here, and how many they are."});
  line("mean return, as it is", mean_text(r.mean_as_is, r.episodes_as_is), t.text);
  if (!off) return;
  std::string changed = mean_text(r.mean_changed, r.episodes_changed);
  if (r.episodes_as_is > 0 && r.episodes_changed > 0) changed += "  " + signed_text(r.mean_changed - r.mean_as_is, 2);
  line("with " + off_text(view.experts_off), changed, t.warn);
}

}  // namespace

std::string off_text(std::span<const uint8_t> off) {
  std::string text;
  for (size_t e = 0; e < off.size(); ++e)
    if (off[e]) text += (text.empty() ? "E" : " E") + std::to_string(e);
  return text.empty() ? "as it is" : text + " off";
}

int draw_action_values(const Rect& area, const AgentView& view) {
  ImGui::PushID("values");
  std::string context;
  if (!view.values_as_is.empty()) {
    const auto before =
        std::max_element(view.values_as_is.begin(), view.values_as_is.end()) - view.values_as_is.begin();
    context = off_text(view.experts_off) + ": " +
              (before == view.best
                   ? "the same action"
                   : view.actions[static_cast<size_t>(before)] + " → " + view.actions[static_cast<size_t>(view.best)]);
  }
  Rect inside = ui::panel(area, "Action values", context);
  const bool off = !view.values_as_is.empty();
  const Rect returns = inside.cut_bottom(px(off ? 40 : 20));
  inside.cut_bottom(px(6));
  const Range range = range_of(view);
  int clicked = -1;
  const auto count = static_cast<float>(view.values.size());
  const float height = std::floor(std::clamp(inside.h / std::max(1.f, count), px(20), px(32)));
  {
    const ui::ScrollArea scroll("rows", inside, height * count);
    for (size_t a = 0; a < view.values.size(); ++a) {
      const Rect& content = scroll.content();
      if (draw_row({content.x, content.y + static_cast<float>(a) * height, content.w, height}, view, a, range))
        clicked = static_cast<int>(a);
    }
  }
  draw_returns(returns, view);
  ImGui::PopID();
  return clicked;
}

}  // namespace moescope::panels
