// Events from the queue into the store, whatever the disk does meanwhile.
#include "app/runs/recorder.h"

#include <algorithm>

#include "compute/core/clock.h"
#include "sessions/run_notes.h"
#include "sessions/run_writer.h"
#include "sessions/session_store.h"

namespace moescope {
namespace {

constexpr std::chrono::hours kIdle{1};  // nothing waits to be written: sleep until something comes

/// A run must get its number, a state be seen and a checkpoint be safe without waiting for the interval.
bool is_urgent(const Event& event) {
  return std::holds_alternative<RunStarted>(event) || std::holds_alternative<StateChanged>(event) ||
         std::holds_alternative<CheckpointTaken>(event);
}

std::string kept(const EventBacklog& backlog) {
  std::string text = "; training goes on, " + std::to_string(backlog.events().size()) + " records (" +
                     std::to_string((backlog.num_bytes() + 1023) / 1024) + " KiB) wait in memory";
  if (backlog.num_dropped_maps() > 0) {
    text += ", " + std::to_string(backlog.num_dropped_maps()) + " routing maps had to be dropped";
  }
  return text;
}

}  // namespace

Recorder::Recorder(Queue<Event>& events, RecorderOptions options)
    : queue_(events), options_(std::move(options)), backlog_(options_.max_waiting_bytes) {
  if (!options_.wait_for_store) open();
  thread_ = std::thread([this] { loop(); });
}

Recorder::~Recorder() { close(); }

void Recorder::close() {
  queue_.close();
  if (thread_.joinable()) thread_.join();
}

void Recorder::open() {
  auto store = std::make_unique<SessionStore>(
      options_.store, options_.beside ? SessionStore::Access::beside : SessionStore::Access::write);
  auto writer = std::make_unique<RunWriter>(*store);
  if (options_.resume) writer->resume_run(options_.resume->run_id, options_.resume->step);
  store_ = std::move(store);
  writer_ = std::move(writer);
  report("", false);
}

void Recorder::loop() {
  Clock::time_point next_write = Clock::now();
  while (true) {
    const bool closed = queue_.closed();  // asked before draining: what came before the end is then certain to be seen
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(next_write - Clock::now());
    const auto patience =
        backlog_.empty() ? std::chrono::milliseconds(kIdle) : std::max(left, std::chrono::milliseconds(0));
    bool urgent = closed;
    for (Event& event : queue_.wait_drain(patience)) {
      run_begun_ = run_begun_ || std::holds_alternative<RunStarted>(event);
      // A run that fails while it is being prepared (no such data set) never was, and one that was to go on stays as it
      // is: whoever started it is told by snapshot.
      if (!run_begun_ && std::holds_alternative<StateChanged>(event)) continue;
      urgent = urgent || is_urgent(event);
      backlog_.add(std::move(event));
    }
    if (urgent || Clock::now() >= next_write) {
      write();
      next_write = Clock::now() + options_.interval;
    }
    if (closed) break;
  }
  // Here, so that the log is carried into the file and the lock is free once close() returns.
  writer_.reset();
  store_.reset();
}

void Recorder::write() {
  if (backlog_.empty()) return;
  try {
    if (writer_ == nullptr) open();
    writer_->write(backlog_.events());
  } catch (const StoreError& error) {
    report(error.what() + kept(backlog_), true);
    return;
  } catch (const std::exception& error) {  // a defect; the run matters more, and the banner must be seen to be mended
    report(std::string("the recorder failed: ") + error.what() + kept(backlog_), true);
    return;
  }
  num_stored_ += static_cast<int64_t>(backlog_.events().size());
  const int64_t checkpoints = std::count_if(backlog_.events().begin(), backlog_.events().end(), [](const Event& event) {
    return std::holds_alternative<CheckpointTaken>(event);
  });
  num_checkpoints_ += checkpoints;
  backlog_.clear();
  report("", false);
  if (backlog_.num_dropped_maps() > 0) tell_dropped_maps();
  if (checkpoints > 0 || Clock::now() - last_sync_ >= options_.sync_interval) sync();
}

void Recorder::tell_dropped_maps() {
  const std::string text = std::to_string(backlog_.num_dropped_maps()) +
                           " routing maps were not stored: the store could not be written to and memory ran short";
  try {
    add_note(store_->database(), writer_->run_id(), -1, text);
    backlog_.forget_dropped_maps();
  } catch (const StoreError& error) {
    report(error.what(), true);  // told again after the next batch
  }
}

void Recorder::sync() {
  last_sync_ = Clock::now();
  try {
    writer_->sync();
  } catch (const StoreError& error) {
    report(error.what(), true);  // the rows are safe in the log; only the power must not fail
  }
}

void Recorder::report(std::string banner, bool failed) {
  {
    const std::lock_guard lock(mutex_);
    state_.run_id = writer_ != nullptr ? writer_->run_id() : 0;
    state_.num_stored = num_stored_;
    state_.num_checkpoints = num_checkpoints_;
    state_.num_waiting = static_cast<int64_t>(backlog_.events().size());
    state_.waiting_bytes = backlog_.num_bytes();
    state_.num_failures = failed ? state_.num_failures + 1 : 0;
    state_.banner = std::move(banner);
    if (!failed) last_write_ = Clock::now();
  }
  changed_.notify_all();
}

RecorderState Recorder::state() const {
  const std::lock_guard lock(mutex_);
  RecorderState state = state_;
  state.last_write_secs_ago = secs_since(last_write_);
  return state;
}

bool Recorder::wait_until(const std::function<bool(const RecorderState&)>& reached,
                          std::chrono::milliseconds at_most) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, at_most, [&] { return reached(state_); });
}

}  // namespace moescope
