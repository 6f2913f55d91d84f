// Everything that the run has reported over its steps, for the plots: metrics by key, knobs that were moved.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "compute/records/event.h"
#include "compute/records/metric.h"
#include "widgets/plots/line_plot.h"

namespace moescope::panels {

class History {
 public:
  void add(const std::vector<Metric>& metrics);
  void add(const std::vector<CommandApplied>& commands);
  /// nullptr when nothing came under the key.
  const plots::Series* find(std::string_view key) const;
  const std::vector<plots::EventMark>& marks() const { return marks_; }
  size_t num_points() const { return num_points_; }
  int64_t last_step() const { return last_step_; }

 private:
  std::map<std::string, plots::Series, std::less<>> series_;
  std::vector<plots::EventMark> marks_;
  size_t num_points_ = 0;
  int64_t last_step_ = 0;
};

}  // namespace moescope::panels
