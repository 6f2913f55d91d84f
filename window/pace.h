// When to draw: at once for a hand on the mouse, gently while somebody only watches, never when nothing changes.
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace moescope {

/// Drawing is for eyes, training is the work: an untouched window may spend a tenth of the time on drawing, a touched
/// one half. With a graphics card a frame is so short that the cap of 30 a second comes first; with software OpenGL on
/// two cores the share decides, and training hardly notices that somebody looks.
class Pace {
 public:
  static constexpr double kInputSecs = 1.0 / 60, kDataSecs = 1.0 / 30;
  static constexpr double kTouchedSecs = 1.5;  // how long a window counts as touched
  static constexpr double kUntouchedShare = 0.10, kTouchedShare = 0.5;
  static constexpr double kSlowestSecs =
      1;  // new data are never older than this on screen, if a frame takes half of it
  static constexpr double kPollSecs = 0.1;

  void input(double now) { input_at_ = now, frames_due_ = 2; }  // the second frame shows what the first one found
  void data() { data_due_ = true; }
  void again() { frames_due_ = frames_due_ > 1 ? frames_due_ : 1; }
  void timer(double at) { timer_at_ = at; }
  void drawn(double now, double cost_secs);

  /// True when a frame is due now.
  bool due(double now) const;
  /// How long to wait for events: until the next frame that is due, at most kPollSecs.
  double wait_secs(double now) const;

 private:
  double next_frame(double now) const;  // when the next frame is due; far away when none is

  double input_at_ = -1e9, drawn_at_ = -1e9, cost_secs_ = 0, timer_at_ = 1e18;
  int frames_due_ = 2;
  bool data_due_ = true;
};

/// What frames cost on the UI thread, in milliseconds.
struct FrameStats {
  int64_t frames = 0, stalls = 0;
  double build_ms = 0, build_cpu_ms = 0;  // of the last frame: panels and draw lists, wall and CPU time of this thread
  double submit_ms = 0, swap_ms = 0;      // handing them to OpenGL; rasteriser and display
  double worst_build_ms = 0;
  std::string last_stall;  // "step 812: submit took 140 ms"
  /// A percentile of the last 512 builds, CPU time.
  double build_percentile(double share) const;
  void add_build(double cpu_ms);

 private:
  std::array<float, 512> recent_{};
};

}  // namespace moescope
