// An agent's run behind the window: it trains on a thread of its own, its recorder stores it, and between two steps,
// and after the last one, it hands out copies of its weights and of its replay buffer when somebody wants them.
#pragma once

#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "app/runs/recorder.h"
#include "compute/core/mailbox.h"
#include "compute/rl/replay_look.h"
#include "compute/rl/rl_run.h"
#include "window/agents_door.h"

namespace moescope {

struct AgentWeights {
  int64_t step = 0;
  std::vector<float> values;  // ParameterSet::values() of the online network
};

class AgentTraining {
 public:
  /// Begins at once. `news` is called on other threads whenever something changed.
  AgentTraining(rl::RlSetup setup, std::filesystem::path store, std::function<void()> news);
  /// Saves and ends the run, and waits until all of it is stored.
  ~AgentTraining();
  AgentTraining(const AgentTraining&) = delete;
  AgentTraining& operator=(const AgentTraining&) = delete;

  // From any thread:
  void pause(bool paused);
  void want_weights();
  void want_replay(int64_t transitions);
  bool take_weights(std::shared_ptr<const AgentWeights>& out) { return weights_.take(out); }
  bool take_replay(std::shared_ptr<const rl::ReplayExcerpt>& out) { return replay_.take(out); }
  AgentTrainingState state() const;
  /// What was measured since the last call. of_another: so much that the first of it was dropped; the store has it.
  AgentMetrics take_metrics();

 private:
  // on the training thread
  void work();
  void train(rl::RlRun& run);
  bool between_steps(const rl::Agent& agent);
  void after_the_end(const rl::Agent& agent);
  bool is_wanted() const { return weights_wanted_ || replay_wanted_ > 0; }
  /// What is wanted, until nothing is. `lock` is let go meanwhile.
  void hand_out(const rl::Agent& agent, std::unique_lock<std::mutex>& lock);
  void carry(const rl::RlProgress& progress);
  void fail(const std::string& message);

  rl::RlSetup setup_;
  rl::RlRun* run_ = nullptr;  // while it goes
  const std::filesystem::path store_;
  const std::function<void()> news_;
  Queue<Event> events_, to_record_;
  std::unique_ptr<Recorder> recorder_;  // the training thread's

  std::atomic<bool> asked_{false};  // something of what follows wants to be looked at between two steps
  mutable std::mutex mutex_;        // guards what follows
  std::condition_variable changed_;
  bool paused_ = false, leaving_ = false, weights_wanted_ = false;
  int64_t replay_wanted_ = 0;
  AgentTrainingState state_;
  AgentMetrics metrics_;

  Mailbox<std::shared_ptr<const AgentWeights>> weights_;
  Mailbox<std::shared_ptr<const rl::ReplayExcerpt>> replay_;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace moescope
