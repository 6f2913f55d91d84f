// The bar at the top.
#include "widgets/panels/transport.h"

#include <cmath>

#include "compute/records/error.h"
#include "compute/records/stop_rule.h"
#include "widgets/ui/controls.h"
#include "widgets/ui/format.h"
#include "widgets/ui/keys.h"
#include "widgets/ui/tooltip.h"

namespace moescope::panels {
namespace {

using ui::Face;
using ui::px;
using ui::Rect;

ImU32 state_color(RunState state) {
  const ui::Theme& t = ui::theme();
  switch (state) {
    case RunState::running: return t.good;
    case RunState::diverged: return t.warn;
    case RunState::failed: return t.bad;
    case RunState::preparing:
    case RunState::paused:
    case RunState::finished: break;
  }
  return t.dim;
}

/// A dim word with a number of fixed room after it; nothing moves when the number grows.
void labelled(Rect& bar, std::string_view label, std::string_view value, float room) {
  const float end = ui::text_in(bar, Face::small, ui::theme().dim, label);
  bar.cut_left(end - bar.x + px(8));
  ui::text_in(bar.cut_left(room), Face::mono, ui::theme().text, value);
  bar.cut_left(px(14));
}

void draw_half_moon(const Rect& box, ImU32 color) {
  const ImVec2 c{box.x + box.w / 2, box.center_y()};
  ImDrawList& list = ui::canvas();
  list.AddCircle(c, px(6), color, 24, px(1.4f));
  list.PathArcTo(c, px(6), 1.5707963f, 4.712389f, 16);
  list.PathFillConvex(color);
}

}  // namespace

std::string state_word(RunState state) {
  switch (state) {
    case RunState::preparing: return "preparing";
    case RunState::running: return "live";
    case RunState::paused: return "paused";
    case RunState::diverged: return "diverged";
    case RunState::failed: return "failed";
    case RunState::finished: return "finished";
  }
  return {};
}

std::string check_stop_rule(const std::string& text) {
  try {
    parse_stop_rule(text);
  } catch (const UserError& error) { return error.what(); }
  return {};
}

void Transport::toggle_running(const Snapshot& s, std::vector<Command>& out) {
  if (s.state == RunState::failed || s.state == RunState::diverged) return;
  const bool running = asked_running_.value_or(s.state == RunState::running);
  asked_running_ = !running;
  out.emplace_back(SetRunning{!running});
}

void Transport::take_keys(const Seen& seen, std::vector<Command>& out) {
  if (!seen.snapshot) return;
  if (asked_running_ && (seen.snapshot->state == RunState::running) == *asked_running_) asked_running_.reset();
  if (ui::typed('t') % 2 == 1) toggle_running(*seen.snapshot, out);
  const bool stands = seen.snapshot->state == RunState::paused || seen.snapshot->state == RunState::finished;
  for (int i = 0; stands && i < ui::typed('s'); ++i) out.emplace_back(SingleStep{});
  time_.take_keys(seen);
  if (ui::ctrl_typed('b') && time_.chosen()) branch_ = time_.chosen()->checkpoint.step;
}

void Transport::draw_stop_rule(const Rect& area, const Snapshot& s, std::vector<Command>& out) {
  Rect box = area;
  const float end = ui::text_in(box, Face::small, ui::theme().dim, "stop at");
  box.cut_left(end - box.x + px(8));
  if (!editing_rule_) rule_text_ = s.stop_rule;
  const ui::TextBoxResult result = ui::text_box("##stop", box, rule_text_, "epochs=3", Face::mono);
  if (result.active && !editing_rule_) editing_rule_ = true;
  if (result.changed) rule_error_ = check_stop_rule(rule_text_);
  if (result.entered) {
    rule_error_ = check_stop_rule(rule_text_);
    if (rule_error_.empty()) out.emplace_back(SetStopRule{rule_text_});
  }
  if (result.left) {
    editing_rule_ = false;
    rule_error_.clear();
  }
  if (!rule_error_.empty()) {
    ui::frame(box, ui::theme().bad, px(5));
    ui::tip_now({"Not a stop rule", rule_error_});
  } else {
    ui::tip(box, {"Stop rule",
                  "When the run ends by itself: steps, epochs, seconds or accuracy on the test set, joined by commas. "
                  "Enter applies it.",
                  "epochs=3, accuracy=0.9"});
  }
}

void Transport::draw_buttons(Rect& bar, const Seen& seen, std::vector<Command>& out) {
  const RunState state = seen.snapshot ? seen.snapshot->state : RunState::preparing;
  const bool usable = seen.snapshot && state != RunState::failed && state != RunState::diverged;
  const bool running = asked_running_.value_or(state == RunState::running);
  auto cell = [&](float width) {
    const Rect full = bar.cut_right(px(width));
    bar.cut_right(px(8));
    return Rect{full.x, std::round(full.center_y() - px(14)), full.w, px(28)};
  };
  const std::string verb = running ? "Pause  (T)" : state == RunState::finished ? "Continue  (T)" : "Start  (T)";
  if (ui::button("run", cell(124), verb, ui::ButtonKind::primary, usable)) toggle_running(*seen.snapshot, out);
  const bool has_rule = bar.w > px(620 + 82) && seen.snapshot;
  if (time_.chosen() && !has_rule) return draw_ways_out(cell(74 + 8 + 28 + 8 + 28));
  const Rect step = cell(74);
  const bool stands = usable && !running && state != RunState::preparing;
  if (ui::button("step", step, "Step  (S)", ui::ButtonKind::plain, stands)) out.emplace_back(SingleStep{});
  ui::tip(step, {"Single step", "One optimiser step, then stand again."});
  if (has_rule) {
    const Rect rule = cell(208);
    if (time_.chosen())
      draw_ways_out(rule);
    else
      draw_stop_rule(rule, *seen.snapshot, out);
    bar.cut_right(px(6));
  }
  const Rect help = cell(28);
  if (ui::button("help", help, "?", ui::ButtonKind::quiet)) help_clicked = true;
  ui::tip(help, {"All keys  (?)", ""});
  const Rect theme = cell(28);
  if (ui::button("theme", theme, "", ui::ButtonKind::quiet)) theme_clicked = true;
  draw_half_moon(theme, ui::theme().dim);
  ui::tip(theme, {ui::theme().dark ? "Light  (D)" : "Dark  (D)", ""});
}

void Transport::draw_state(Rect area, const Snapshot& s, bool with_rest) const {
  const std::string left = s.state == RunState::running && s.eta_secs >= 0 ? ui::duration(s.eta_secs) + " left" : "";
  ui::text_in(area.cut_right(px(64)), Face::small, state_color(s.state), state_word(s.state));
  if (with_rest) ui::text_in(area, Face::small, ui::theme().dim, left);
}

/// While a stored step is looked through: in the place of the stop rule, or in a narrow window of what has a key too.
void Transport::draw_ways_out(Rect area) {
  const Rect live = area.cut_right(px(76));
  area.cut_right(px(8));
  const int64_t step = time_.chosen()->checkpoint.step;
  const Rect branch = area;
  if (ui::button("live", live, "Live", ui::ButtonKind::plain)) time_.go_live();
  ui::tip(live, {"Back to the run in training  ( > )", ""});
  if (ui::button("branch", branch, "Branch here", ui::ButtonKind::plain)) branch_ = step;
  ui::tip(branch, {"Branch at step " + ui::grouped(step) + "  (Ctrl+B)",
                   "A new run begins from this stored step, in this window. The present run is saved and left."});
}

/// Step and epoch, the slider, and the state; when a stored step is looked through its number takes their place, so
/// that nothing moves under the hand.
void Transport::draw_time(Rect bar, const Seen& seen, const History& history) {
  const ui::Theme& t = ui::theme();
  const Snapshot& s = *seen.snapshot;
  const bool with_epoch = bar.w > px(330 + 111);
  Rect numbers = bar.cut_left(ui::text_width(Face::small, "step") + px(8 + 62 + 14) +
                              (with_epoch ? ui::text_width(Face::small, "epoch") + px(8 + 40 + 14) : 0));
  const bool with_rest = bar.w > px(64 + 210);
  const Rect right = bar.cut_right(px(with_rest ? 64 + 116 : 64));
  bar.cut_right(px(12));
  if (bar.w > px(60)) time_.draw_ui(bar, seen, history);
  if (time_.chosen()) {
    const Rect all = numbers;
    const int64_t step = time_.chosen()->checkpoint.step;
    const float end = ui::text_in(numbers, Face::small, t.warn, "step");
    numbers.cut_left(end - numbers.x + px(8));
    const float after = ui::text_in(numbers, Face::mono, t.warn, ui::grouped(step));
    numbers.cut_left(after - numbers.x + px(8));
    ui::text_in(numbers, Face::small, t.dim, ui::fitting(Face::small, numbers.w, {"of " + ui::grouped(s.step)}));
    ui::tip(all, {"A stored step is looked through", where_text(*time_.chosen())});
  } else {
    labelled(numbers, "step", ui::grouped(s.step), px(62));
    if (with_epoch) labelled(numbers, "epoch", ui::fixed(s.epoch, 2), px(40));
  }
  draw_state(right, s, with_rest);
}

void Transport::draw_ui(const Rect& area, const Seen& seen, const History& history, std::vector<Command>& out) {
  const ui::Theme& t = ui::theme();
  ImGui::PushID("transport");
  Rect bar = area;
  draw_buttons(bar, seen, out);
  bar.cut_right(px(8));
  if (seen.snapshot) {
    const Snapshot& s = *seen.snapshot;
    const std::string id = s.run_id > 0 ? "  #" + std::to_string(s.run_id) : "";
    const float end = ui::text_in(bar, Face::small, t.dim, "run");
    bar.cut_left(end - bar.x + px(8));
    const float name = std::min(ui::text_width(Face::title, s.config.name + id) + px(4), px(220));
    ui::text_in(bar.cut_left(name), Face::title, t.text, s.config.name + id);
    bar.cut_left(px(18));
    draw_time(bar, seen, history);
  }
  ImGui::PopID();
}

}  // namespace moescope::panels
