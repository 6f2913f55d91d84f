// Metrics into rows, at more than 100,000 a second: one prepared insert, keys remembered.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "compute/records/metric.h"
#include "sessions/database.h"

namespace moescope {

class MetricWriter {
 public:
  explicit MetricWriter(const Database& database);

  /// Inside the caller's transaction. The same key, step and wall_secs again replaces the value.
  void write(int64_t run_id, const std::vector<Metric>& metrics);

  /// After a rollback: keys that were new in it have no number any more.
  void forget_keys() { key_ids_.clear(); }

 private:
  int64_t key_id(const std::string& key);

  const Database& database_;
  Statement insert_, insert_key_, find_key_;
  std::unordered_map<std::string, int64_t> key_ids_;
};

}  // namespace moescope
