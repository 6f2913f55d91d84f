// The reading side: the run table by pages, and a run's parts each by itself, so that opening costs what is looked at.
#pragma once

#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "compute/records/cell_table.h"
#include "compute/records/stored_run.h"
#include "sessions/session_store.h"

namespace moescope {

struct RunQuery {
  std::string order = "run_id";  // a column: run_columns.h
  bool descending = true;        // runs without the value come last either way
  int64_t limit = 100, offset = 0;
  std::string name_contains = {};  // case does not matter; empty: all
  std::string where = {};          // a condition: run_columns.h; empty: all
  std::string tag = {};            // only runs with this tag; empty: all
  bool archived = false;           // true: archived ones too
  bool trash = false;              // true: those in the trash, and only those
  double limit_secs = 5;           // a condition can be slow; StoreError (too_slow) after so long
};

/// The runs that agree in one column.
struct RunGroup {
  std::string by;                      // the value they share; empty: none
  std::vector<double> values;          // of another column, without the runs that have none. NaN is a value
  int64_t num_runs = 0, best_run = 0;  // best: with the greatest value
};

/// The store must outlive it. Reads never wait for the writer and never block it.
class RunReader {
 public:
  explicit RunReader(const SessionStore& store) : store_(store), database_(store.database()) {}

  std::vector<RunSummary> list_runs(const RunQuery& wanted = {}) const;
  int64_t count_runs(const RunQuery& wanted = {}) const;
  /// The numbers of all of them (whatever limit says), in order: what a table of any length scrolls over. With a column
  /// in group_by the runs that agree in it follow each other, in the order of group_runs().
  std::vector<int64_t> list_ids(const RunQuery& wanted, const std::string& group_by = {}) const;
  /// These runs, in this order, without those that are gone.
  std::vector<RunSummary> load_summaries(std::span<const int64_t> run_ids) const;
  /// One row a run that is there, as load_summaries gives them. Throws UserError for a name that is no column.
  std::vector<std::vector<Cell>> load_cells(std::span<const int64_t> run_ids,
                                            const std::vector<std::string>& columns) const;
  /// The same rows with columns of one's choice, under the names given. Throws UserError for a name that is no column.
  CellTable run_cells(const RunQuery& wanted, const std::vector<std::string>& columns) const;
  /// All of them (whatever limit and order say) by the value of one column, in its order.
  std::vector<RunGroup> group_runs(const RunQuery& wanted, const std::string& by, const std::string& value) const;

  /// Everything but the series, the maps' arrays and the checkpoints' bytes. StoreError (missing) when there is no such
  /// run.
  StoredRun load_run(int64_t run_id) const;
  RunSummary load_summary(int64_t run_id) const;

  /// The configuration when `step` updates were done: as the run began, with each live change applied. What this
  /// version does not understand is told in `doubts`.
  RunConfig config_at(int64_t run_id, int64_t step, std::vector<std::string>& doubts) const;

  /// Sorted by name.
  std::vector<std::string> metric_keys(int64_t run_id) const;
  /// Of all runs.
  std::vector<std::string> metric_keys() const;
  /// The points with first_step <= step <= last_step; empty when the run has none.
  MetricSeries load_metrics(int64_t run_id, const std::string& key, int64_t first_step = 0,
                            int64_t last_step = std::numeric_limits<int64_t>::max()) const;

  /// The same, coarsely: at most about max_points pieces with their least, greatest and mean value, whatever the
  /// length.
  MetricEnvelope load_envelope(int64_t run_id, const std::string& key, int64_t max_points, int64_t first_step = 0,
                               int64_t last_step = std::numeric_limits<int64_t>::max()) const;

  /// The one with most steps; nothing when the run has none. Bytes: checkpoints.h, load_checkpoint.
  std::optional<CheckpointInfo> latest_checkpoint(int64_t run_id) const;

  const Database& database() const { return database_; }

 private:
  static bool somebody_writes(const SessionStore& store);
  RunSummary read_summary(const Statement& row, bool writer_alive) const;
  void require_run(int64_t run_id) const;
  [[noreturn]] void no_such_run(int64_t run_id) const;

  const SessionStore& store_;
  const Database& database_;
};

}  // namespace moescope
