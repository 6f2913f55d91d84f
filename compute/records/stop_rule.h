// When a run ends: "steps=N,epochs=N,seconds=N,accuracy=X", whichever comes first; and when that will be.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace moescope {

struct StopRule {
  std::optional<int64_t> steps;    // updates done
  std::optional<double> epochs;    // passes over the training set, may be a fraction
  std::optional<double> seconds;   // of training and evaluation, pauses not counted
  std::optional<double> accuracy;  // on the test set, 0..1, looked at after each evaluation

  bool empty() const { return !steps && !epochs && !seconds && !accuracy; }
  bool operator==(const StopRule&) const = default;
};

/// Reads comma-separated conditions, at most one of each kind; "" is the rule that never stops.
/// Throws ConfigError naming what is wrong and what to write.
StopRule parse_stop_rule(std::string_view text);
/// What parse_stop_rule reads back to the same rule.
std::string to_text(const StopRule& rule);

/// Where a run stands.
struct Progress {
  int64_t step = 0;  // updates done
  int64_t steps_per_epoch = 1;
  double active_secs = 0;  // of training and evaluation, pauses not counted
  double step_secs = 0;    // a step takes so long at present; 0: not known yet
  double accuracy = -1;    // of the last evaluation; -1: none yet
};

/// The step at which steps= or epochs= end the run; 0 when neither is given.
int64_t last_step(const StopRule& rule, int64_t steps_per_epoch);
/// The condition that is met, in words ("epochs=3 reached"); empty when the run goes on.
std::string stop_reason(const StopRule& rule, const Progress& progress);
/// Seconds until the first of steps=, epochs= and seconds= is met; -1 when that cannot be known.
double eta_secs(const StopRule& rule, const Progress& progress);

}  // namespace moescope
