// An axis: a range with round ends and ticks at round numbers.
#pragma once

#include <string>
#include <vector>

namespace moescope::plots {

struct Axis {
  double low = 0, high = 1;
  std::vector<double> ticks;
  int decimals = 0;
  double share(double value) const { return (value - low) / (high - low); }
};

/// The smallest range with round ends that holds [low, high], with at most `max_ticks` ticks. Round ends keep the
/// picture still while values come in. An empty or single-valued range is widened; NaN counts as 0.
Axis round_axis(double low, double high, int max_ticks);

/// Steps: 4 200 stays 4 200, the first tick is at the left end.
Axis step_axis(double first, double last, int max_ticks);

std::string tick_label(const Axis& axis, double tick);

}  // namespace moescope::plots
