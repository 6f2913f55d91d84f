// The recorder: the thread that owns the writing connection and turns the trainer's events into rows.
//
// Training never waits for it. While the store cannot be written to (disk full, locked by another program) events stay
// in memory, the banner says so, and it tries again once an interval. kill -9 costs at most what is not committed yet:
// one interval.
#pragma once

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "app/runs/event_backlog.h"
#include "compute/core/queue.h"
#include "compute/records/event.h"

namespace moescope {

class SessionStore;
class RunWriter;

/// How the recorder is doing.
struct RecorderState {
  int64_t run_id = 0;              // the run being recorded; 0 before its first row is stored
  double last_write_secs_ago = 0;  // since events were last committed, or since the start
  int64_t num_stored = 0;          // events committed
  int64_t num_waiting = 0;         // events in memory that are not
  int64_t waiting_bytes = 0;
  int64_t num_checkpoints = 0;  // of them checkpoints
  int64_t num_failures = 0;     // attempts in a row that have failed
  std::string banner;           // what a person should know now; empty when all is well
};

struct RecorderOptions {
  std::filesystem::path store;
  struct Resume {
    int64_t run_id, step;
  };
  std::optional<Resume> resume;                    // go on with this run from its state after `step` updates
  bool beside = false;                             // the program that started this one may be writing to the store too
  bool wait_for_store = false;                     // a store that cannot be opened yet is no error but a banner
  std::chrono::milliseconds interval{500};         // between commits, and between attempts
  std::chrono::milliseconds sync_interval{10000};  // between waits for the disk: what a power failure may cost
  int64_t max_waiting_bytes = int64_t{512} << 20;  // above it the oldest routing maps are dropped, and it is said
};

class Recorder {
 public:
  /// Opens the store and starts the thread. Throws StoreError when the store cannot be written to (locked, newer,
  /// damaged, the run to resume is missing), unless options.wait_for_store. `events` must outlive this.
  Recorder(Queue<Event>& events, RecorderOptions options);
  /// As close().
  ~Recorder();

  /// Closes the queue, stores what is left and ends the thread. state().num_waiting is then 0, or what is lost, and the
  /// banner says why. May be called twice.
  void close();

  // From any thread:
  RecorderState state() const;
  int64_t run_id() const { return state().run_id; }
  /// Waits until `reached` holds of the state; false when the time is over first.
  bool wait_until(const std::function<bool(const RecorderState&)>& reached, std::chrono::milliseconds at_most) const;

 private:
  using Clock = std::chrono::steady_clock;

  void open();
  void loop();
  void write();
  void tell_dropped_maps();
  void sync();
  void report(std::string banner, bool failed);

  Queue<Event>& queue_;
  const RecorderOptions options_;

  // The recorder's thread alone:
  std::unique_ptr<SessionStore> store_;
  std::unique_ptr<RunWriter> writer_;
  EventBacklog backlog_;
  bool run_begun_ = false;
  int64_t num_stored_ = 0, num_checkpoints_ = 0;
  Clock::time_point last_sync_ = Clock::now();

  mutable std::mutex mutex_;  // guards what follows
  mutable std::condition_variable changed_;
  RecorderState state_;
  Clock::time_point last_write_ = Clock::now();

  std::thread thread_;
};

}  // namespace moescope
