// Everything that the run has reported over its steps.
#include "widgets/panels/history.h"

#include <algorithm>

namespace moescope::panels {

void History::add(const std::vector<Metric>& metrics) {
  for (const Metric& metric : metrics) {
    auto found = series_.find(metric.key);
    if (found == series_.end()) found = series_.emplace(metric.key, plots::Series{}).first;
    found->second.add(metric.step, metric.value);
    last_step_ = std::max(last_step_, metric.step);
  }
  num_points_ += metrics.size();
}

void History::add(const std::vector<CommandApplied>& commands) {
  for (const CommandApplied& command : commands) {
    if (command.key == "run") continue;  // starting and pausing are not part of the curve
    const std::string change =
        command.old_value.empty() ? command.new_value : command.old_value + " → " + command.new_value;
    marks_.push_back({command.step, command.key, change + "\nat step " + std::to_string(command.step)});
  }
}

const plots::Series* History::find(std::string_view key) const {
  const auto found = series_.find(key);
  return found == series_.end() ? nullptr : &found->second;
}

}  // namespace moescope::panels
