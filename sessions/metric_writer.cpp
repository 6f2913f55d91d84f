// The hot path of the store.
#include "sessions/metric_writer.h"

#include <cmath>

namespace moescope {

MetricWriter::MetricWriter(const Database& database)
    : database_(database),
      insert_(database,
              "INSERT OR IGNORE INTO metrics_data (run_id, key_id, step, wall_secs, value) VALUES (?, ?, ?, ?, ?)"),
      replace_(database,
               "UPDATE metrics_data SET value = ?5 WHERE run_id = ?1 AND key_id = ?2 AND step = ?3 AND wall_secs = ?4"),
      insert_key_(database, "INSERT INTO metric_keys_data (key) VALUES (?)"),
      find_key_(database, "SELECT key_id FROM metric_keys_data WHERE key = ?"),
      pyramids_(database) {}

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
    const int64_t key = key_id(metric.key);
    insert_.run(run_id, key, metric.step, wall_secs, metric.value);
    if (database_.num_changes() > 0) {
      pyramids_.add(run_id, key, metric.step, metric.value);
    } else {
      replace_.run(run_id, key, metric.step, wall_secs, metric.value);
      pyramids_.redo(run_id, key, metric.step);
    }
  }
}

void MetricWriter::forget() {
  key_ids_.clear();
  pyramids_.forget();
}

void MetricWriter::cut_after(int64_t run_id, int64_t step) {
  Statement(database_, "DELETE FROM metrics_data WHERE run_id = ? AND step > ?").run(run_id, step);
  pyramids_.cut_after(run_id, step);
}

}  // namespace moescope
