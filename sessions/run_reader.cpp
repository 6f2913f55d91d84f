// Rows back into records.
#include "sessions/run_reader.h"

#include <algorithm>
#include <array>

#include "sessions/checkpoints.h"
#include "sessions/embedded_sql.h"
#include "sessions/metric_pyramid.h"
#include "sessions/run_names.h"
#include "sessions/run_notes.h"
#include "sessions/run_params.h"

namespace moescope {
namespace {

constexpr std::string_view kSummaryColumns =
    "run_id, name, router, dataset, started_at, updated_at, state, message, num_parameters, gflops_per_image, step, "
    "wall_secs, loss_step, loss, accuracy_step, accuracy, test_step, test_accuracy, test_loss, num_checkpoints, "
    "starred, "
    "archived";

std::string_view order_column(RunOrder order) {
  constexpr std::array<std::string_view, 10> kColumns = {
      "run_id", "name", "state", "step", "wall_secs", "loss", "accuracy", "test_accuracy", "test_loss", "updated_at"};
  return kColumns.at(static_cast<size_t>(order));
}

/// NULLs are the smallest in SQLite: last by themselves when descending. Asking for that there would bar the index.
std::string order_clause(const RunQuery& wanted) {
  const std::string column(order_column(wanted.order));
  const std::string direction = wanted.descending ? " DESC" : " ASC NULLS LAST";
  return " ORDER BY " + column + direction + (wanted.order == RunOrder::run_id ? "" : ", run_id DESC");
}

constexpr std::string_view kFilter = " WHERE (?1 = '' OR instr(lower(name), lower(?1)) > 0) AND (?2 OR NOT archived)";

}  // namespace

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
  return run;
}

std::vector<RunSummary> RunReader::list_runs(const RunQuery& wanted) const {
  // The page is cut from the narrow table first; only its rows are joined with their settings.
  const std::string order = order_clause(wanted);
  const std::string sql = "SELECT " + std::string(kSummaryColumns) +
                          " FROM run_summaries WHERE run_id IN (SELECT run_id FROM runs" + std::string(kFilter) +
                          order + " LIMIT ?3 OFFSET ?4)" + order;
  Statement select(database_, sql);
  select.bind_all(std::string_view(wanted.name_contains), wanted.archived, wanted.limit, wanted.offset);
  const bool writer_alive = store_.writable() || WriterLock::holder(store_.path()).has_value();
  std::vector<RunSummary> runs;
  while (select.step()) runs.push_back(read_summary(select, writer_alive));
  return runs;
}

int64_t RunReader::count_runs(const RunQuery& wanted) const {
  Statement select(database_, "SELECT count(*) FROM runs" + std::string(kFilter));
  select.bind_all(std::string_view(wanted.name_contains), wanted.archived);
  return select.step() ? select.integer(0) : 0;
}

RunSummary RunReader::load_summary(int64_t run_id) const {
  Statement select(database_, "SELECT " + std::string(kSummaryColumns) + " FROM run_summaries WHERE run_id = ?");
  select.bind_all(run_id);
  if (!select.step()) no_such_run(run_id);
  return read_summary(select, store_.writable() || WriterLock::holder(store_.path()).has_value());
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
