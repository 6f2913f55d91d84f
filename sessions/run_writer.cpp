// Events into rows.
#include "sessions/run_writer.h"

#include <algorithm>
#include <stdexcept>

#include "sessions/checkpoints.h"
#include "sessions/clock.h"
#include "sessions/embedded_sql.h"
#include "sessions/routing_blobs.h"
#include "sessions/run_evaluations.h"
#include "sessions/run_names.h"
#include "sessions/run_params.h"

namespace moescope {
namespace {

void mark_interrupted(const Database& database) {
  Transaction transaction(database);
  Statement(database, query("mark_interrupted_events")).run(std::string_view(utc_now()));
  database.execute("UPDATE runs SET state = 'interrupted' WHERE state IN ('preparing', 'running', 'paused')");
  transaction.commit();
}

}  // namespace

RunWriter::RunWriter(const SessionStore& store)
    : database_(store.database()),
      metrics_(store.database()),
      insert_command_(
          database_,
          "INSERT INTO commands (run_id, step, wall_secs, key, old_value, new_value) VALUES (?, ?, ?, ?, ?, ?)"),
      insert_evaluation_(database_, kInsertEvaluation),
      insert_event_(database_,
                    "INSERT INTO events (run_id, step, wall_secs, state, message, at) VALUES (?, ?, ?, ?, ?, ?)"),
      progress_(database_, query("update_progress")),
      loss_(database_, "UPDATE runs SET loss_step = ?2, loss = ?3 WHERE run_id = ?1"),
      accuracy_(database_, "UPDATE runs SET accuracy_step = ?2, accuracy = ?3 WHERE run_id = ?1"),
      touch_(database_, "UPDATE runs SET updated_at = ?2 WHERE run_id = ?1") {
  if (!store.writable()) throw std::logic_error("RunWriter needs a store opened for writing");
  if (store.is_guest() || GuestLock::any(store.path())) return;  // what is unfinished may be somebody's
  mark_interrupted(database_);
  drop_unfinished_checkpoints(database_);
}

/// One overload an event; `run` is the run it belongs to.
struct RunWriter::EventWriter {
  RunWriter& writer;
  int64_t run() const {
    if (writer.run_.id == 0) throw std::logic_error("an event came before the run had begun");
    return writer.run_.id;
  }
  void progress(int64_t step, double wall_secs) const { writer.progress_.run(run(), step, wall_secs); }

  void operator()(const RunStarted& start) const {
    if (writer.run_.resumed) {
      writer.go_on(start);
    } else {
      writer.start(start);
    }
  }
  void operator()(const MetricsTaken& taken) const {
    writer.metrics_.write(run(), taken.metrics);
    for (const Metric& metric : taken.metrics) latest(metric);
    if (!taken.metrics.empty()) progress(taken.metrics.back().step, taken.metrics.back().wall_secs);
  }
  /// The run table shows the last loss and accuracy without reading the series.
  void latest(const Metric& metric) const {
    const bool loss = metric.key == "train/loss";
    if (!loss && metric.key != "train/accuracy") return;
    (loss ? writer.loss_ : writer.accuracy_).run(run(), metric.step, metric.value);
  }
  void operator()(const CommandApplied& c) const {
    writer.insert_command_.run(run(), c.step, c.wall_secs, std::string_view(c.key), std::string_view(c.old_value),
                               std::string_view(c.new_value));
    progress(c.step, c.wall_secs);
  }
  void operator()(const Evaluated& e) const {
    writer.insert_evaluation_.run(run(), e.step, e.wall_secs, std::string_view(e.split), e.num_images, e.accuracy,
                                  e.loss, std::string_view(e.setting));
    if (e.split == "test" && e.setting.empty()) {
      Statement(writer.database_,
                "UPDATE runs SET test_step = ?2, test_accuracy = ?3, test_loss = ?4 WHERE run_id = ?1")
          .run(run(), e.step, e.accuracy, e.loss);
    }
    progress(e.step, e.wall_secs);
  }
  void operator()(const RoutingTaken& routing) const { store_routing(writer.database_, run(), routing); }
  void operator()(const CheckpointTaken& checkpoint) const {
    const Staged* staged = writer.find_staged(checkpoint);
    if (!staged || !finish_checkpoint(writer.database_, run(), staged->checkpoint_id, checkpoint))
      store_checkpoint(writer.database_, run(), checkpoint);
    progress(checkpoint.step, checkpoint.wall_secs);
  }
  void operator()(const StateChanged& change) const {
    const std::string_view state = state_name(change.state);
    writer.insert_event_.run(run(), change.step, change.wall_secs, state, std::string_view(change.message),
                             std::string_view(utc_now()));
    writer.set_state(run(), state, change.message);
    progress(change.step, change.wall_secs);
  }
};

const RunWriter::Staged* RunWriter::find_staged(const CheckpointTaken& checkpoint) const {
  const auto found = std::find_if(staged_.begin(), staged_.end(),
                                  [&](const Staged& staged) { return staged.bytes == checkpoint.bytes; });
  return found != staged_.end() ? &*found : nullptr;
}

void RunWriter::stage(std::span<const Event> events) {
  for (const Event& event : events) {
    if (std::holds_alternative<RunStarted>(event)) return;  // what follows belongs to a run that has no number yet
    const auto* checkpoint = std::get_if<CheckpointTaken>(&event);
    const bool large = checkpoint != nullptr && checkpoint->bytes && checkpoint->bytes->size() > kCheckpointPartBytes;
    // After a failure the same events come again: what was staged for them then is still there.
    if (!large || run_.id == 0 || find_staged(*checkpoint) != nullptr) continue;
    // A failure's leavings; other runs may be in the midst of theirs.
    if (staged_.empty()) drop_unfinished_checkpoints(database_, run_.id);
    staged_.push_back({checkpoint->bytes, stage_checkpoint(database_, run_.id, *checkpoint)});
  }
}

void RunWriter::write(std::span<const Event> events) {
  if (events.empty()) return;
  const Run before = run_;
  stage(events);
  try {
    Transaction transaction(database_);
    if (run_.cut_due) cut();
    for (const Event& event : events) std::visit(EventWriter{*this}, event);
    metrics_.flush();
    touch();
    transaction.commit();
    staged_.clear();
  } catch (...) {
    run_ = before;
    metrics_.forget();
    throw;
  }
}

int64_t RunWriter::begin_run(const RunStarted& start) {
  const Event event = start;
  run_ = {};
  write({&event, 1});
  return run_.id;
}

void RunWriter::start(const RunStarted& start) {
  Statement(database_, query("insert_run"))
      .run(std::string_view(start.config.name), std::string_view(utc_now()), start.num_parameters,
           start.gflops_per_image);
  run_ = {.id = database_.last_insert_id()};
  store_params(database_, run_.id, start);
  store_environment(database_, run_.id, 0, start.environment);
}

/// Whoever goes on has read the last checkpoint there was. A later one is of somebody who trained the run meanwhile.
void RunWriter::require_last_checkpoint_at(int64_t run_id, int64_t step) const {
  Statement later(database_, "SELECT max(step) FROM checkpoints WHERE run_id = ? AND num_bytes >= 0 AND step > ?");
  later.bind_all(run_id, step);
  if (!later.step() || later.is_null(0)) return;
  throw StoreError(StoreProblem::missing, database_.path(),
                   "run " + std::to_string(run_id) + " has been trained to step " + std::to_string(later.integer(0)) +
                       " since step " + std::to_string(step) +
                       " of it was read; nothing more is stored here: resume it again, or branch from it");
}

void RunWriter::resume_run(int64_t run_id, int64_t from_step) {
  Statement find(database_, "SELECT state, message FROM runs WHERE run_id = ?");
  find.bind_all(run_id);
  if (!find.step()) {
    throw StoreError(
        StoreProblem::missing, database_.path(),
        "there is no run " + std::to_string(run_id) + " to resume; `moescope runs list` shows what there is");
  }
  require_last_checkpoint_at(run_id, from_step);
  run_ = {.id = run_id,
          .resumed = true,
          .cut_due = true,
          .resume_step = from_step,
          .state_before = find.text(0),
          .message_before = find.text(1)};
  find.reset();
  set_state(run_id, "preparing", "");  // so that no other program goes on with it, too
}

void RunWriter::set_state(int64_t run_id, std::string_view state, std::string_view message) const {
  Statement(database_, "UPDATE runs SET state = ?2, message = ?3 WHERE run_id = ?1").run(run_id, state, message);
}

RunWriter::~RunWriter() {
  if (!run_.cut_due) return;
  try {
    set_state(run_.id, run_.state_before, run_.message_before);
  } catch (const StoreError&) {
    // Then it stands as interrupted, like the run of a program that was killed.
  }
}

/// Inside write()'s transaction.
void RunWriter::cut() {
  const int64_t run_id = run_.id, from_step = run_.resume_step;
  require_last_checkpoint_at(run_id, from_step);
  for (const char* table : {"commands", "evaluations", "routing_maps", "checkpoints", "events"}) {
    Statement(database_, std::string("DELETE FROM ") + table + " WHERE run_id = ? AND step > ?").run(run_id, from_step);
  }
  metrics_.cut_after(run_id, from_step);
  Statement clock(database_, query("wall_secs_reached"));
  clock.bind_all(run_id);
  run_.resume_secs = clock.step() ? clock.real(0) : 0;
  clock.reset();
  Statement(database_, query("restore_summary")).run(run_id, from_step, run_.resume_secs);
  insert_event_.run(run_id, from_step, run_.resume_secs, "preparing",
                    std::string_view("resumed at step " + std::to_string(from_step)), std::string_view(utc_now()));
  run_.cut_due = false;
}

void RunWriter::go_on(const RunStarted& start) {
  const ParamTexts before = read_params_at(database_, run_.id, run_.resume_step);
  for (const auto& [key, value] : params_of(start)) {
    const auto stored = before.find(key);
    const std::string old_value = stored != before.end() ? stored->second : std::string();
    if (stored != before.end() && old_value == value) continue;
    insert_command_.run(run_.id, run_.resume_step, run_.resume_secs, std::string_view(key), std::string_view(old_value),
                        std::string_view(value));
  }
  Statement(database_, "UPDATE runs SET name = ? WHERE run_id = ?").run(std::string_view(start.config.name), run_.id);
  store_environment(database_, run_.id, run_.resume_step, start.environment);
  run_.resumed = false;
}

void RunWriter::touch() { touch_.run(run_.id, std::string_view(utc_now())); }

void RunWriter::sync() { database_.execute("PRAGMA wal_checkpoint(PASSIVE)"); }

}  // namespace moescope
