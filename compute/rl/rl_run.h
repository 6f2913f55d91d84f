// A run of an agent from its beginning to its end, one turn at a time: what is to be kept goes out as events, the same
// ones that vision runs send, so that sessions, comparisons and figures need not know the difference.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "compute/backends/backend.h"
#include "compute/core/queue.h"
#include "compute/records/event.h"
#include "compute/records/stop_rule.h"
#include "compute/rl/agent.h"

namespace moescope::rl {

using CheckpointBytes = std::shared_ptr<const std::vector<std::byte>>;

struct RlSetup {
  RlConfig config;                         // not looked at when resuming, except name, rl.threads and checkpoint_secs
  CheckpointBytes resume_from;             // null: from the start
  std::string resume_name = "checkpoint";  // what errors call it
  double wall_secs_before = 0;             // of the stored run so far
  StopRule stop_rule;                      // steps= and seconds=; empty: until it is asked to stop
  bool beside = false;  // another run of this process goes on: its threads and kernels are taken as they are
  /// Called after each step, on the thread that turns; it may take its time. False ends the turn there.
  std::function<bool(const Agent&)> after_step = {};
};

/// What a terminal shows.
struct RlProgress {
  RunState state = RunState::preparing;
  std::string message;
  int64_t steps = 0, updates = 0, episodes = 0;
  double wall_secs = 0, steps_per_sec = 0;
  double recent_return = 0;  // mean of the last 100 episodes of this process
  double loss = 0, q = 0, epsilon = 0;
};

/// The reason of finish() when a person ended the run.
inline constexpr const char* kStoppedByRequest = "stopped by request";

class RlRun {
 public:
  /// Throws ConfigError for a stop rule with epochs= or accuracy=.
  RlRun(RlSetup setup, Queue<Event>& events);

  /// Makes the agent or takes it out of its checkpoint, and says RunStarted. Throws what hinders it.
  void prepare();
  /// Steps to the next report, and the report; false when the run is over.
  bool turn();
  /// Saves and ends it.
  void finish(const std::string& reason);
  /// Ends it without saving: what turn() threw is all that there is to say.
  void fail(const std::string& message);

  /// The turn in progress stood still for so long, because a person paused it: neither wall time nor speed counts it.
  /// From after_step.
  void leave_out(double secs) { left_out_ += secs; }

  const RlProgress& progress() const { return progress_; }
  const Agent& agent() const { return *agent_; }

 private:
  using Clock = std::chrono::steady_clock;
  /// Sums since the last report; empty at every checkpoint.
  struct Interval {
    double returns = 0, lengths = 0, loss = 0, aux = 0, td_error = 0, q = 0, gradient_norm = 0;
    int64_t episodes = 0, updates = 0, steps = 0;
  };
  void count(Interval& interval);
  void report(const Interval& interval, double secs);
  void take_checkpoint(const std::string& reason, bool rolling);
  void change_state(RunState state, const std::string& message);
  double wall_secs() const;
  double active_secs() const;  // of this process

  RlSetup setup_;
  Queue<Event>& events_;
  std::unique_ptr<Backend> backend_;
  std::unique_ptr<Agent> agent_;
  RlProgress progress_;
  std::deque<double> recent_returns_;
  Clock::time_point began_ = Clock::now(), last_checkpoint_ = began_;
  double left_out_ = 0;  // seconds since began_
};

/// What the settings that both kinds of run have in common say: for tables of runs.
RunConfig common_config(const RlConfig& config);

}  // namespace moescope::rl
