// Metrics into rows, at more than 100,000 a second: one prepared insert, keys remembered.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "compute/records/metric.h"
#include "sessions/database.h"
#include "sessions/metric_pyramid.h"

namespace moescope {

class MetricWriter {
 public:
  explicit MetricWriter(const Database& database);

  /// Inside the caller's transaction. The same key, step and wall_secs again replaces the value.
  void write(int64_t run_id, const std::vector<Metric>& metrics);
  /// Before the caller commits: the pyramids follow.
  void flush() { pyramids_.flush(); }

  /// After a rollback: keys that were new in it have no number any more, and collected points are no points.
  void forget();

  /// Inside the caller's transaction: what was measured after `step` never was.
  void cut_after(int64_t run_id, int64_t step);

 private:
  int64_t key_id(const std::string& key);

  const Database& database_;
  Statement insert_, replace_, insert_key_, find_key_;
  PyramidWriter pyramids_;
  std::unordered_map<std::string, int64_t> key_ids_;
};

}  // namespace moescope
