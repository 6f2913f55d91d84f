// Rows back into records.
#include "sessions/run_reader.h"

#include <algorithm>

#include "sessions/checkpoints.h"
#include "sessions/embedded_sql.h"
#include "sessions/metric_pyramid.h"
#include "sessions/query_box.h"
#include "sessions/run_columns.h"
#include "sessions/run_names.h"
#include "sessions/run_notes.h"
#include "sessions/run_params.h"

namespace moescope {
namespace {

constexpr std::string_view kSummaryColumns =
    "run_id, name, router, dataset, started_at, updated_at, state, message, num_parameters, gflops_per_image, step, "
    "wall_secs, loss_step, loss, accuracy_step, accuracy, test_step, test_accuracy, test_loss, num_checkpoints, "
    "starred, archived, trashed_at, tags, num_notes, checkpoint_bytes";

/// NULLs are the smallest in SQLite: last by themselves when descending. Asking for that there would bar the index.
std::string order_clause(const RunQuery& wanted) {
  const std::string column = column_sql(wanted.order), run = column_sql("run_id");
  return " ORDER BY " + column + (wanted.descending ? " DESC" : " ASC NULLS LAST") +
         (column == run ? "" : ", " + run + " DESC");
}

std::string filter_clause(const RunQuery& wanted) {
  std::string sql = " WHERE (?1 = '' OR instr(lower(r.name), lower(?1)) > 0)";
  sql += wanted.trash ? " AND r.trashed_at IS NOT NULL" : " AND r.trashed_at IS NULL AND (?2 OR NOT r.archived)";
  if (!wanted.tag.empty()) sql += " AND r.run_id IN (SELECT run_id FROM tags WHERE tag = ?3)";
  if (!wanted.where.empty()) sql += " AND (" + condition_sql(wanted.where) + ")";
  return sql;
}

void bind_filter(Statement& select, const RunQuery& wanted) {
  select.bind(1, std::string_view(wanted.name_contains));
  if (!wanted.trash) select.bind(2, wanted.archived);
  if (!wanted.tag.empty()) select.bind(3, std::string_view(wanted.tag));
}

/// SQL's complaint about a condition, without the SQL that was made of it.
template <class Ask>
auto asking(const RunQuery& wanted, Ask&& ask) {
  try {
    return ask();
  } catch (const StoreError& error) {
    if (wanted.where.empty() || error.problem != StoreProblem::refused) throw;
    const std::string text = error.what();
    const size_t sql = text.find(" while doing: ");
    throw UserError("the condition " + wanted.where + " cannot be used: " +
                    text.substr(error.path.string().size() + 8, sql - error.path.string().size() - 8) +
                    "; write for example router.k >= 2 AND test_accuracy > 0.9");
  }
}

}  // namespace

bool RunReader::somebody_writes(const SessionStore& store) {
  return store.writable() || WriterLock::holder(store.path()) || GuestLock::any(store.path());
}

RunSummary RunReader::read_summary(const Statement& row, bool writer_alive) const {
  const auto value = [&](int step_column, int column) {
    return row.is_null(step_column) ? std::optional<double>() : row.real(column);
  };
  RunSummary run;
  run.run_id = row.integer(0);
  run.name = row.text(1);
  run.router = row.text(2);
  run.dataset = row.text(3);
  run.started_at = row.text(4);
  run.updated_at = row.text(5);
  const std::string state = row.text(6);
  run.state = state_from_name(state);
  const bool unfinished =
      run.state == RunState::preparing || run.state == RunState::running || run.state == RunState::paused;
  run.interrupted = state == kInterrupted || (unfinished && !writer_alive);
  run.message = row.text(7);
  run.num_parameters = row.integer(8);
  run.gflops_per_image = row.real(9);
  run.step = row.integer(10);
  run.wall_secs = row.real(11);
  run.loss = value(12, 13);
  run.accuracy = value(14, 15);
  run.test_step = row.is_null(16) ? -1 : row.integer(16);
  run.test_accuracy = value(16, 17);
  run.test_loss = value(16, 18);
  run.num_checkpoints = row.integer(19);
  run.starred = row.integer(20) != 0;
  run.archived = row.integer(21) != 0;
  run.trashed = !row.is_null(22);
  run.tags = row.text(23);
  run.num_notes = row.integer(24);
  run.checkpoint_bytes = row.integer(25);
  return run;
}

std::vector<RunSummary> RunReader::list_runs(const RunQuery& wanted) const {
  return asking(wanted, [&] {
    // The page is cut first; only its rows are joined with their settings.
    const TimeLimit limit(database_, wanted.limit_secs);
    const std::string order = order_clause(wanted);
    const std::string sql = "SELECT " + std::string(kSummaryColumns) +
                            " FROM run_summaries r WHERE r.run_id IN (SELECT r.run_id FROM run_summaries r" +
                            filter_clause(wanted) + order + " LIMIT ?4 OFFSET ?5)" + order;
    Statement select(database_, sql);
    bind_filter(select, wanted);
    select.bind(4, wanted.limit).bind(5, wanted.offset);
    const bool writer_alive = somebody_writes(store_);
    std::vector<RunSummary> runs;
    while (select.step()) runs.push_back(read_summary(select, writer_alive));
    return runs;
  });
}

int64_t RunReader::count_runs(const RunQuery& wanted) const {
  return asking(wanted, [&] {
    const TimeLimit limit(database_, wanted.limit_secs);
    Statement select(database_, "SELECT count(*) FROM run_summaries r" + filter_clause(wanted));
    bind_filter(select, wanted);
    return select.step() ? select.integer(0) : 0;
  });
}

std::vector<int64_t> RunReader::list_ids(const RunQuery& wanted, const std::string& group_by) const {
  return asking(wanted, [&] {
    const TimeLimit limit(database_, wanted.limit_secs);
    std::string order = order_clause(wanted);
    // All rows are read: sorting them is three times as fast as looking each up in the order of an index.
    if (column_sql(wanted.order) != column_sql("run_id")) order.insert(10, "+");
    if (!group_by.empty()) order = " ORDER BY " + column_sql(group_by) + ", " + order.substr(10);
    Statement select(database_, "SELECT r.run_id FROM run_summaries r" + filter_clause(wanted) + order);
    bind_filter(select, wanted);
    std::vector<int64_t> ids;
    while (select.step()) ids.push_back(select.integer(0));
    return ids;
  });
}

std::vector<RunSummary> RunReader::load_summaries(std::span<const int64_t> run_ids) const {
  Statement select(database_, "SELECT " + std::string(kSummaryColumns) + " FROM run_summaries WHERE run_id = ?");
  const bool writer_alive = somebody_writes(store_);
  std::vector<RunSummary> runs;
  for (const int64_t run_id : run_ids) {
    select.bind_all(run_id);
    if (select.step()) runs.push_back(read_summary(select, writer_alive));
    select.reset();
  }
  return runs;
}

std::vector<std::vector<Cell>> RunReader::load_cells(std::span<const int64_t> run_ids,
                                                     const std::vector<std::string>& columns) const {
  std::string sql;
  for (const std::string& column : columns) sql += (sql.empty() ? "SELECT " : ", ") + column_sql(column);
  if (sql.empty()) sql = "SELECT NULL";
  Statement select(database_, sql + " FROM run_summaries r WHERE r.run_id = ?");
  std::vector<std::vector<Cell>> rows;
  for (const int64_t run_id : run_ids) {
    select.bind_all(run_id);
    for (std::vector<Cell>& row : read_cells(select, 1).rows) {
      row.resize(columns.size());
      rows.push_back(std::move(row));
    }
    select.reset();
  }
  return rows;
}

CellTable RunReader::run_cells(const RunQuery& wanted, const std::vector<std::string>& columns) const {
  CellTable table;
  std::string sql;
  for (const std::string& column : columns) sql += (sql.empty() ? "SELECT " : ", ") + column_sql(column);
  sql += " FROM run_summaries r" + filter_clause(wanted) + order_clause(wanted) + " LIMIT ?4 OFFSET ?5";
  asking(wanted, [&] {
    const TimeLimit limit(database_, wanted.limit_secs);
    Statement select(database_, sql);
    bind_filter(select, wanted);
    select.bind(4, wanted.limit + 1).bind(5, wanted.offset);
    table = read_cells(select, wanted.limit);
    return 0;
  });
  table.columns = columns;
  return table;
}

namespace {

bool less_is_better(std::string_view column) {
  return column == "loss" || column == "test_loss" || column == "time" || column == "wall_secs";
}

}  // namespace

std::vector<RunGroup> RunReader::group_runs(const RunQuery& wanted, const std::string& by,
                                            const std::string& value) const {
  return asking(wanted, [&] {
    const TimeLimit limit(database_, wanted.limit_secs);
    // A run without a test has no loss; one whose test came to NaN has: NULL both, told apart by the step.
    const std::string value_sql = column_sql(value);
    const bool tested = value == "test_accuracy" || value == "test_loss";
    Statement select(database_, "SELECT " + column_sql(by) + ", " + value_sql + ", r.run_id, " +
                                    (tested ? "r.test_step IS NOT NULL" : value_sql + " IS NOT NULL") +
                                    " FROM run_summaries r" + filter_clause(wanted) + " ORDER BY 1, 2 IS NULL, 2" +
                                    (less_is_better(value) ? "" : " DESC") + ", 3");
    bind_filter(select, wanted);
    std::vector<RunGroup> groups;
    while (select.step()) {
      const std::string name = select.text(0);
      if (groups.empty() || groups.back().by != name) groups.push_back({name, {}, 0, select.integer(2)});
      ++groups.back().num_runs;
      if (select.integer(3) != 0) groups.back().values.push_back(select.real(1));
    }
    return groups;
  });
}

RunSummary RunReader::load_summary(int64_t run_id) const {
  Statement select(database_, "SELECT " + std::string(kSummaryColumns) + " FROM run_summaries WHERE run_id = ?");
  select.bind_all(run_id);
  if (!select.step()) no_such_run(run_id);
  return read_summary(select, somebody_writes(store_));
}

StoredRun RunReader::load_run(int64_t run_id) const {
  const ReadSnapshot snapshot(database_);
  StoredRun run;
  run.summary = load_summary(run_id);
  run.config = to_config(read_params(database_, run_id), run.config_doubts);
  run.environment = read_environment(database_, run_id);
  Statement commands(
      database_,
      "SELECT step, wall_secs, key, old_value, new_value FROM commands WHERE run_id = ? ORDER BY command_id");
  commands.bind_all(run_id);
  while (commands.step()) {
    run.commands.push_back({.step = commands.integer(0),
                            .wall_secs = commands.real(1),
                            .key = commands.text(2),
                            .old_value = commands.text(3),
                            .new_value = commands.text(4)});
  }
  Statement evaluations(database_,
                        "SELECT step, wall_secs, split, num_images, accuracy, loss, setting FROM evaluations "
                        "WHERE run_id = ? ORDER BY evaluation_id");
  evaluations.bind_all(run_id);
  while (evaluations.step()) {
    run.evaluations.push_back({.step = evaluations.integer(0),
                               .wall_secs = evaluations.real(1),
                               .split = evaluations.text(2),
                               .num_images = evaluations.integer(3),
                               .accuracy = evaluations.real(4),
                               .loss = evaluations.real(5),
                               .setting = evaluations.text(6)});
  }
  Statement states(database_, "SELECT step, wall_secs, state, message FROM events WHERE run_id = ? ORDER BY event_id");
  states.bind_all(run_id);
  while (states.step()) {
    run.states.push_back({.step = states.integer(0),
                          .wall_secs = states.real(1),
                          .state = state_from_name(states.text(2)),
                          .message = states.text(3)});
  }
  run.checkpoints = list_checkpoints(database_, run_id);
  run.notes = read_notes(database_, run_id);
  return run;
}

RunConfig RunReader::config_at(int64_t run_id, int64_t step, std::vector<std::string>& doubts) const {
  const ReadSnapshot snapshot(database_);
  require_run(run_id);
  return to_config(read_params_at(database_, run_id, step), doubts);
}

std::vector<std::string> RunReader::metric_keys(int64_t run_id) const {
  require_run(run_id);
  Statement select(database_, query("metric_keys"));
  select.bind_all(run_id);
  std::vector<std::string> keys;
  while (select.step()) keys.push_back(select.text(0));
  return keys;
}

std::vector<std::string> RunReader::metric_keys() const {
  Statement select(database_, "SELECT key FROM metric_keys_data ORDER BY key");
  std::vector<std::string> keys;
  while (select.step()) keys.push_back(select.text(0));
  return keys;
}

MetricSeries RunReader::load_metrics(int64_t run_id, const std::string& key, int64_t first_step,
                                     int64_t last_step) const {
  require_run(run_id);
  Statement select(database_, query("load_metrics"));
  select.bind_all(run_id, std::string_view(key), first_step, last_step);
  MetricSeries series;
  series.key = key;
  while (select.step()) {
    series.steps.push_back(select.integer(0));
    series.wall_secs.push_back(select.real(1));
    series.values.push_back(select.real(2));
  }
  return series;
}

MetricEnvelope RunReader::load_envelope(int64_t run_id, const std::string& key, int64_t max_points, int64_t first_step,
                                        int64_t last_step) const {
  require_run(run_id);
  return moescope::load_envelope(database_, run_id, key, first_step, last_step, max_points);
}

std::optional<CheckpointInfo> RunReader::latest_checkpoint(int64_t run_id) const {
  require_run(run_id);
  const auto checkpoints = list_checkpoints(database_, run_id);
  return checkpoints.empty() ? std::nullopt : std::optional(checkpoints.back());
}

void RunReader::require_run(int64_t run_id) const {
  Statement select(database_, "SELECT 1 FROM runs WHERE run_id = ?");
  select.bind_all(run_id);
  if (!select.step()) no_such_run(run_id);
}

void RunReader::no_such_run(int64_t run_id) const {
  throw StoreError(StoreProblem::missing, database_.path(),
                   "there is no run " + std::to_string(run_id) + "; `moescope runs list` shows what there is");
}

}  // namespace moescope
