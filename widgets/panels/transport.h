// In the bar at the top: which run, how far, and the hand on it: start, pause, one step, a stop rule, the slider of
// time.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "widgets/panels/history.h"
#include "widgets/panels/sources.h"
#include "widgets/panels/time_slider.h"
#include "widgets/ui/rect.h"

namespace moescope::panels {

class Transport {
 public:
  /// On the surface that is there.
  void draw_ui(const ui::Rect& area, const Seen& seen, const History& history, std::vector<Command>& out);
  /// T starts and pauses, S does one step; `<` and `>` go to the stored step before and after, Ctrl+B branches there.
  void take_keys(const Seen& seen, std::vector<Command>& out);

  TimeSlider& time() { return time_; }
  const TimeSlider& time() const { return time_; }
  /// The step at which the person wants a new run to begin, once.
  std::optional<int64_t> take_branch() { return std::exchange(branch_, std::nullopt); }

  /// Set by the two quiet buttons; the workspace reads and clears them.
  bool theme_clicked = false, help_clicked = false;

 private:
  void toggle_running(const Snapshot& snapshot, std::vector<Command>& out);
  void draw_buttons(ui::Rect& bar, const Seen& seen, std::vector<Command>& out);
  void draw_stop_rule(const ui::Rect& area, const Snapshot& snapshot, std::vector<Command>& out);

  void draw_time(ui::Rect bar, const Seen& seen, const History& history);
  void draw_state(ui::Rect area, const Snapshot& snapshot, bool with_rest) const;
  void draw_ways_out(ui::Rect area);

  TimeSlider time_;
  std::optional<int64_t> branch_;
  std::optional<bool> asked_running_;  // until a snapshot shows it
  std::string rule_text_, rule_error_;
  bool editing_rule_ = false;
};

/// "" when the text is a stop rule (stop_rule.h), else the sentence that says what is wrong with it.
std::string check_stop_rule(const std::string& text);

/// "running", "paused", ... in the words of the window.
std::string state_word(RunState state);

}  // namespace moescope::panels
