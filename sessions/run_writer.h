// The writing side: events of compute/records/event.h into rows, in transactions that happen as a whole or not at all.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "compute/records/event.h"
#include "sessions/metric_writer.h"
#include "sessions/session_store.h"

namespace moescope {

class RunWriter {
 public:
  /// The store must be writable and outlive this. When nobody else writes to it, runs that it calls running have lost
  /// their process: they become "interrupted".
  explicit RunWriter(const SessionStore& store);
  /// A run that was to go on and never did gets its former state back.
  ~RunWriter();
  RunWriter(const RunWriter&) = delete;
  RunWriter& operator=(const RunWriter&) = delete;

  /// A new run, whose events the following write() calls take. Returns its id.
  int64_t begin_run(const RunStarted& start);

  /// Goes on with a stored run from its state after `from_step` updates. What it recorded later is removed by the first
  /// write(), since it is computed again from there on: whoever fails before that has lost nothing. The RunStarted that
  /// follows adds to it (changed settings become commands, changed surroundings environment rows). Throws StoreError
  /// (missing) when there is no such run, or one with later checkpoints; so does that write().
  void resume_run(int64_t run_id, int64_t from_step);

  /// Stores all of them or, when it throws, none: keep them and try again if the error is retryable(). A RunStarted
  /// among them begins the run that the later ones belong to. An event before any run is a defect: std::logic_error.
  void write(std::span<const Event> events);

  /// The present run, 0 before one has begun.
  int64_t run_id() const { return run_.id; }

  /// Carries the log into the database and waits for the disk: what was written survives a power failure, not only kill
  /// -9.
  void sync();

 private:
  /// What the transaction in progress knows about the run; taken back when it fails.
  struct Run {
    int64_t id = 0;
    bool resumed = false;  // a RunStarted now continues it
    bool cut_due = false;  // what it recorded after resume_step is still there
    int64_t resume_step = 0;
    double resume_secs = 0;
    std::string state_before = {}, message_before = {};  // of a run that goes on
  };
  struct EventWriter;  // one overload an event

  /// Large checkpoints go into the file ahead of the transaction that makes them count: see checkpoints.h.
  void stage(std::span<const Event> events);
  void start(const RunStarted& start);
  void require_last_checkpoint_at(int64_t run_id, int64_t step) const;
  void cut();
  void set_state(int64_t run_id, std::string_view state, std::string_view message) const;
  void go_on(const RunStarted& start);
  void touch();

  const Database& database_;
  MetricWriter metrics_;
  Statement insert_command_, insert_evaluation_, insert_event_, progress_, loss_, accuracy_, touch_;
  Run run_;
  struct Staged {
    std::shared_ptr<const std::vector<std::byte>> bytes;  // held, so that no other checkpoint can have this address
    int64_t checkpoint_id;
  };
  const Staged* find_staged(const CheckpointTaken& checkpoint) const;
  std::vector<Staged> staged_;
};

}  // namespace moescope
