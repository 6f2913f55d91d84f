// When to draw.
#include "window/pace.h"

#include <algorithm>
#include <vector>

namespace moescope {

void Pace::drawn(double now, double cost_secs) {
  drawn_at_ = now;
  // A single slow frame (a new font, a busy machine) must not make the window lazy: half new, half old.
  cost_secs_ = cost_secs_ == 0 ? cost_secs : 0.5 * cost_secs_ + 0.5 * cost_secs;
  data_due_ = false;
  if (frames_due_ > 0) --frames_due_;
  if (timer_at_ <= now) timer_at_ = 1e18;
}

double Pace::next_frame(double now) const {
  double next = timer_at_;
  if (frames_due_ > 0) next = std::min(next, drawn_at_ + kInputSecs);
  if (data_due_) {
    const bool touched = now - input_at_ < kTouchedSecs;
    const double share = touched ? kTouchedShare : kUntouchedShare;
    const double rest = std::min(cost_secs_ / share, std::max(kSlowestSecs, 2 * cost_secs_));
    next = std::min(next, drawn_at_ + std::max(kDataSecs, rest));
  }
  return next;
}

bool Pace::due(double now) const { return next_frame(now) <= now; }

double Pace::wait_secs(double now) const { return std::clamp(next_frame(now) - now, 0.0, kPollSecs); }

void FrameStats::add_build(double cpu_ms) {
  build_cpu_ms = cpu_ms;
  recent_[static_cast<size_t>(frames) % recent_.size()] = static_cast<float>(cpu_ms);
  ++frames;
}

double FrameStats::build_percentile(double share) const {
  const size_t count = std::min<size_t>(static_cast<size_t>(frames), recent_.size());
  if (count == 0) return 0;
  std::vector<float> sorted(recent_.begin(), recent_.begin() + static_cast<std::ptrdiff_t>(count));
  std::sort(sorted.begin(), sorted.end());
  return sorted[static_cast<size_t>(share * static_cast<double>(count - 1))];
}

}  // namespace moescope
