// The slider of time.
#include "widgets/panels/time_slider.h"

#include <algorithm>
#include <cmath>

#include "widgets/ui/controls.h"
#include "widgets/ui/format.h"
#include "widgets/ui/keys.h"
#include "widgets/ui/tooltip.h"

namespace moescope::panels {
namespace {

using ui::px;
using ui::Rect;

/// Steps along the track.
struct TimeScale {
  Rect track;
  int64_t total = 1;
  float x(int64_t step) const {
    const double share = static_cast<double>(step) / static_cast<double>(total);
    return track.x + static_cast<float>(std::clamp(share, 0.0, 1.0)) * track.w;
  }
  int64_t step(float at) const {
    const double share = std::clamp(static_cast<double>((at - track.x) / track.w), 0.0, 1.0);
    return std::llround(share * static_cast<double>(total));
  }
};

void draw_ticks(const TimeScale& scale, const Seen& seen, const History& history) {
  const ui::Theme& t = ui::theme();
  const Rect& track = scale.track;
  for (const CheckpointInfo& one : seen.checkpoints) {
    const float height = px(one.rolling ? 4.f : 7.f);  // named ones stay, rolling ones may go
    const float top = track.bottom() + px(2);
    ui::vline(scale.x(one.step), top, top + height, one.rolling ? t.faint : t.text, px(1.5f));
  }
  for (const plots::EventMark& mark : history.marks())
    ui::vline(scale.x(mark.step), track.y - px(6), track.y - px(1), t.warn, px(1.5f));
}

}  // namespace

const CheckpointInfo* nearest_checkpoint(std::span<const CheckpointInfo> checkpoints, int64_t step) {
  const CheckpointInfo* best = nullptr;
  for (const CheckpointInfo& one : checkpoints)
    if (!best || std::abs(one.step - step) <= std::abs(best->step - step)) best = &one;
  return best;
}

std::string where_text(const StoredStep& stored) {
  const std::string step = ui::grouped(stored.checkpoint.step);
  if (stored.is_exact()) return "step " + step + ", stored as: " + stored.checkpoint.reason;
  return "step " + ui::grouped(stored.asked) + " is not stored, the nearest is " + step + " (" +
         stored.checkpoint.reason + ")";
}

void TimeSlider::choose(const CheckpointInfo& checkpoint, int64_t asked) {
  if (!chosen_ || chosen_->checkpoint.checkpoint_id != checkpoint.checkpoint_id) choice_ = checkpoint.checkpoint_id;
  chosen_ = StoredStep{checkpoint, asked};
}

void TimeSlider::go_live() {
  if (chosen_) choice_ = -1;
  chosen_.reset();
}

void TimeSlider::go_to(const Seen& seen, int64_t step) {
  const CheckpointInfo* nearest = nearest_checkpoint(seen.checkpoints, step);
  const int64_t now = seen.snapshot ? seen.snapshot->step : 0;
  if (!nearest || std::abs(now - step) < std::abs(nearest->step - step)) return go_live();
  choose(*nearest, step);
}

/// Beyond the last stored step and the middle between it and now, the run in training is meant.
void TimeSlider::drag_to(const Seen& seen, int64_t step) {
  if (step >= seen.snapshot->step)
    go_live();
  else
    go_to(seen, step);
}

void TimeSlider::take_keys(const Seen& seen) {
  const int move = ui::typed('>') - ui::typed('<');
  const auto count = static_cast<int64_t>(seen.checkpoints.size());
  if (move == 0 || count == 0) return;
  int64_t at = count;  // the run in training comes after the last
  if (chosen_)
    at = std::find_if(seen.checkpoints.begin(), seen.checkpoints.end(),
                      [&](const CheckpointInfo& one) { return one.step >= chosen_->checkpoint.step; }) -
         seen.checkpoints.begin();
  at = std::clamp<int64_t>(at + move, 0, count);
  if (at == count) return go_live();
  const CheckpointInfo& one = seen.checkpoints[static_cast<size_t>(at)];
  choose(one, one.step);
}

void TimeSlider::draw_ui(const Rect& area, const Seen& seen, const History& history) {
  if (!seen.snapshot) return;
  const ui::Theme& t = ui::theme();
  const Snapshot& s = *seen.snapshot;
  const float grip = px(5);
  const TimeScale scale{{area.x + grip, std::round(area.center_y() - px(2)), area.w - 2 * grip, px(4)},
                        std::max<int64_t>({1, s.total_steps, s.step})};
  const Rect& track = scale.track;
  const ui::Hit h = ui::hit("time", {area.x, std::round(area.center_y() - px(14)), area.w, px(28)});
  const int64_t asked = scale.step(ImGui::GetIO().MousePos.x);
  if (h.held && ImGui::IsMouseDown(0)) drag_to(seen, asked);

  const float now = scale.x(s.step);
  ui::fill(track, t.line, px(2));
  ui::fill({track.x, track.y, now - track.x, track.h}, chosen_ ? t.dim : t.accent, px(2));
  draw_ticks(scale, seen, history);
  const float x = chosen_ ? scale.x(chosen_->checkpoint.step) : now;
  const ImU32 color = chosen_ ? t.warn : t.accent;
  if (chosen_) ui::canvas().AddCircle({now, track.center_y()}, grip, t.dim, 24, px(1.5f));
  if (h.hovered || h.held)
    ui::canvas().AddCircleFilled({x, track.center_y()}, grip + px(3), ui::fade(color, 0.22f), 24);
  ui::canvas().AddCircleFilled({x, track.center_y()}, grip, color, 24);

  if (h.held && chosen_) return ui::tip_now({"Step " + ui::grouped(chosen_->checkpoint.step), where_text(*chosen_)});
  const std::string stored = std::to_string(seen.checkpoints.size()) + " stored steps; the long ticks stay";
  ui::tip({area.x, area.y, area.w, area.h},
          {"Time  ( < and > )",
           seen.checkpoints.empty() ? "No step is stored yet. Ctrl+S stores this one."
                                    : "Drag back to look through a stored step. Training goes on meanwhile.",
           chosen_ ? where_text(*chosen_) : stored});
}

}  // namespace moescope::panels
