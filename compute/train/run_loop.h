// A run from its preparation to its end, one short turn at a time: commands in, work, snapshots and events out.
//
// Nothing here knows of threads: trainer_thread.h calls turn() over and over, tests call it by hand. Each turn does at
// most one micro-batch, one slice of an evaluation or one look, so commands are never far from being heard.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compute/backends/backend.h"
#include "compute/core/mailbox.h"
#include "compute/core/queue.h"
#include "compute/eval/evaluator.h"
#include "compute/records/event.h"
#include "compute/records/snapshot.h"
#include "compute/records/stop_rule.h"
#include "compute/train/trainer.h"
#include "compute/train/watch.h"
#include "compute/train/weight_exchange.h"

namespace moescope {

using Bytes = std::shared_ptr<const std::vector<std::byte>>;

struct RunSetup {
  RunConfig config;                        // not looked at when resuming, except what a checkpoint leaves open:
                                           // name, data.path, data.workers, compute.*
  std::shared_ptr<const Dataset> dataset;  // null: opened from config.data while preparing
  Bytes resume_from;                       // a checkpoint to go on from; null: from the start
  std::string branched_from;               // "3@400": a new run that begins at run 3's checkpoint; empty: the same run
  Environment facts;                       // what else to record about where the run comes from
  std::string resume_name = "checkpoint";  // what errors call it
  bool other_data = false;                 // data.path was named by hand: images that it did not see are no mistake
  std::vector<SetField> first_fields;      // live settings to change before the first step, recorded as commands
  std::optional<std::string> stop_rule;    // nullopt: the checkpoint's, or all of train.epochs
  /// Row in the store, for the snapshots; 0 while there is none. From the thread that turns. Empty: nothing is stored.
  std::function<int64_t()> run_id;
  bool start_paused = false;
  bool leave_when_finished = false;  // headless: the end of the run is the end of the loop
  /// To look at from the first snapshot on, and to keep the routing of at each evaluation. Test images that the data
  /// set does not have are left out: who asks does not know its size yet.
  std::vector<WatchedImage> watched;
  bool look_between_evaluations = true;       // false: nobody is watching, the snapshots need no images
  std::shared_ptr<WeightExchange> weights;    // where an explorer asks for copies of the weights; null: nobody does
  std::function<void(Trainer&)> before_step;  // for tests: called before each step begins
};

struct RunChannels {
  Queue<Command>& commands;
  Mailbox<std::shared_ptr<const Snapshot>>& snapshots;
  Queue<Event>& events;
};

class RunLoop {
 public:
  RunLoop(RunSetup setup, RunChannels channels);
  ~RunLoop();

  /// Opens the data, builds the model, goes back to the checkpoint, says RunStarted. Throws what hinders it.
  void prepare();
  /// No turn follows: an explorer may have the cores.
  void leave_cores();
  /// One turn; false when the run has been left (Finish). Waits a little only when there is nothing to do.
  bool turn();
  /// Says that the run failed; the last images stay on view. After it no turn may follow.
  void fail(const std::string& message);

  const Trainer& trainer() const { return *trainer_; }
  RunState state() const { return state_; }
  /// An evaluation is in progress or due before anything else.
  bool evaluating() const { return evaluation_ || evaluation_wanted_; }

 private:
  using Clock = std::chrono::steady_clock;
  enum class Work { nothing, step, evaluation };

  // commands (run_commands.cpp)
  void apply(const Command& command);
  void apply_deferred();
  void on(const SetRunning& c);
  void on(const SingleStep& c);
  void on(const SetField& c);
  void on(const Watch& c);
  void on(const SetStopRule& c);
  void on(const SaveCheckpoint& c);
  void on(const EvaluateNow& c);
  void on(const RestoreLastGood& c);
  void on(const Finish& c);
  struct Changed {
    std::string key, old_value;
  };
  std::vector<Changed> change(const SetField& c);
  void reroute(const RunConfig& changed);
  void applied(std::string key, std::string old_value, std::string new_value);

  // work (run_loop.cpp)
  Work work_to_do() const;
  void do_step();
  void after_step();
  void begin_evaluation();
  void evaluation_slice();
  void after_evaluation();
  void end_run(const std::string& reason);
  void change_state(RunState state, const std::string& message);

  // when numbers go bad (run_divergence.cpp)
  void diverge(const std::string& why);
  bool weights_are_finite();
  std::string bad_evaluation();

  // what is kept and shown (run_reports.cpp)
  void make_trainer(const RunConfig& config);
  bool take_checkpoint(const std::string& reason, bool rolling);
  void roll_checkpoint();
  void checkpoint_at_epoch_end();
  void restore(const Checkpoint& checkpoint);
  RunPlace place() const;
  Progress progress() const;
  double wall_secs() const;
  bool evaluation_due() const;
  std::chrono::milliseconds idle_wait() const;
  double secs_to_post() const;
  bool post_due() const;
  void publish_weights();
  void post();
  void look();
  void fill(Snapshot& snapshot) const;
  std::string schedule_note() const;

  RunSetup setup_;
  RunChannels channels_;
  std::unique_ptr<Backend> backend_;
  std::shared_ptr<const Dataset> dataset_;
  std::unique_ptr<Trainer> trainer_;
  std::unique_ptr<Watcher> watcher_;
  double peak_gflops_ = 0;

  RunState state_ = RunState::preparing;
  std::string message_;  // about the state
  std::string refusal_;  // why the last command could not be obeyed
  StopRule stop_rule_;
  int64_t single_steps_ = 0;  // asked for and not yet done
  bool leaving_ = false;
  std::deque<SetField> deferred_;  // knobs that wait for the end of the step in progress

  std::optional<Evaluation> evaluation_;  // in progress
  bool evaluation_wanted_ = false;        // to begin, or to begin again
  double test_accuracy_ = -1, test_loss_ = -1;
  int64_t test_step_ = -1;

  struct Good {
    Bytes bytes;  // null: the beginning
    int64_t step = 0;
  };
  Good last_good_, good_before_;  // the last checkpoint, and the one before it
  int64_t last_epoch_step_ = 0;   // of the last checkpoint at the end of an epoch
  Clock::time_point last_checkpoint_time_;

  Clock::time_point began_;
  double wall_before_ = 0, active_secs_ = 0;
  double step_secs_ = 0, step_gflops_ = 0;  // smoothed over the last steps

  int64_t weights_version_ = 1;  // of weights and live settings together
  bool changed_ = true;          // something to show
  bool look_again_ = true;       // watched images need a new look
  bool look_at_once_ = true;     // for the next snapshot, because these images have not been seen yet
  Clock::time_point last_post_;
  double observe_ms_ = 0;
  std::vector<ImageView> views_;
};

}  // namespace moescope
