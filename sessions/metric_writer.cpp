// The hot path of the store.
#include "sessions/metric_writer.h"

#include <cmath>

namespace moescope {

MetricWriter::MetricWriter(const Database& database)
    : database_(database),
      insert_(database,
              "INSERT OR REPLACE INTO metrics_data (run_id, key_id, step, wall_secs, value) VALUES (?, ?, ?, ?, ?)"),
      insert_key_(database, "INSERT INTO metric_keys_data (key) VALUES (?)"),
      find_key_(database, "SELECT key_id FROM metric_keys_data WHERE key = ?") {}

int64_t MetricWriter::key_id(const std::string& key) {
  if (const auto known = key_ids_.find(key); known != key_ids_.end()) return known->second;
  find_key_.bind_all(std::string_view(key));
  int64_t id = 0;
  if (find_key_.step()) id = find_key_.integer(0);
  find_key_.reset();
  if (id == 0) {
    insert_key_.run(std::string_view(key));
    id = database_.last_insert_id();
  }
  key_ids_.emplace(key, id);
  return id;
}

void MetricWriter::write(int64_t run_id, const std::vector<Metric>& metrics) {
  for (const Metric& metric : metrics) {
    // A clock that is not a number would be a NULL in the primary key; -1 says "unknown" and keeps the value.
    const double wall_secs = std::isnan(metric.wall_secs) ? -1 : metric.wall_secs;
    insert_.run(run_id, key_id(metric.key), metric.step, wall_secs, metric.value);
  }
}

}  // namespace moescope
