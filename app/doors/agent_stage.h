// Behind the page of agents: a thread that plays, and the run that trains in this window on a thread of its own, which
// gives the player nothing but copies of its weights.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <memory>
#include <mutex>
#include <thread>

#include "app/doors/agent_training.h"
#include "compute/core/mailbox.h"
#include "compute/core/waker.h"
#include "compute/rl/spectator.h"
#include "sessions/session_store.h"
#include "window/agents_door.h"

namespace moescope {

class AgentStage : public AgentsDoor {
 public:
  /// The store need not exist yet. `threads` is the process's number, which an agent that trains here must share.
  /// Episodes are kept in `folder`, which is made when needed.
  AgentStage(std::filesystem::path store, std::filesystem::path folder, int64_t threads);
  /// Saves the run in training.
  ~AgentStage() override;

  void show() override;
  void rest() override;
  void ask(AgentAsk ask) override;
  bool take_view(std::shared_ptr<const AgentView>& out) override { return views_.take(out); }
  bool take_replay(std::shared_ptr<const ReplayView>& out) override { return replays_.take(out); }
  bool take_lines(std::shared_ptr<const AgentLines>& out) override { return lines_.take(out); }
  AgentTrainingState training() const override;
  AgentMetrics take_metrics() override;
  std::vector<std::string> drain_notices() override;
  void set_waker(std::function<void()> wake) override;

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr uint64_t kSeed = 1'000'003;  // that of `rl eval`: apart from the seeds that runs are usually given

  // on the player's thread
  void work();
  void take_asks();
  void take_news(bool of_training);
  void advance();
  void post_view();
  bool wait();
  void read_lines();
  void show_stored(int64_t run_id);
  void show_live();
  void forget_agent();
  void load_curves(int64_t run_id);
  void take_curves();
  void value_replay(const rl::ReplayExcerpt& excerpt);
  void step_by(int64_t steps);
  int64_t run_on_view() const;
  void notice(std::string text);

  void handle(const agent::Open& open);
  void handle(const agent::Train& train);
  void handle(const agent::PauseTraining& pause);
  void handle(const agent::StopTraining&);
  void handle(const agent::Play& play);
  void handle(const agent::StepBy& step);
  void handle(const agent::GoTo& go);
  void handle(const agent::SetSpeed& speed);
  void handle(const agent::SwitchOff& off);
  void handle(const agent::TakeOver& take);
  void handle(const agent::Act& act);
  void handle(const agent::Hold& hold) { held_ = hold.action; }
  void handle(const agent::BeginEpisode&);
  void handle(const agent::OpenEpisode& open);
  void handle(const agent::KeepEpisode&);
  void handle(const agent::LookAtReplay&);

  const std::filesystem::path store_path_, folder_;
  const int64_t threads_;

  // the player's thread's own
  std::unique_ptr<rl::Agent> stored_;         // of a stored run
  std::unique_ptr<rl::QNetwork> network_;     // of the run in training
  std::unique_ptr<rl::Environment> game_;     // for the replay buffer's states
  std::unique_ptr<rl::Spectator> spectator_;  // uses one of both networks
  std::optional<SessionStore> store_;
  int64_t stored_run_ = 0, agent_ = 0, data_version_ = -1;
  bool live_ = false, playing_ = false, by_hand_ = false, view_due_ = false;
  int held_ = -1;
  double speed_ = 15;
  uint64_t serial_ = 0;
  Clock::time_point next_step_{}, next_view_{}, next_weights_{}, next_lines_{};

  Mailbox<std::shared_ptr<const AgentView>> views_;
  Mailbox<std::shared_ptr<const ReplayView>> replays_;
  Mailbox<std::shared_ptr<const AgentLines>> lines_;

  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::deque<AgentAsk> asks_;
  std::shared_ptr<AgentTraining> training_;
  AgentMetrics metrics_;
  std::vector<std::string> notices_;
  bool shown_ = false, leaving_ = false, news_ = false;

  Waker wake_;

  std::thread thread_;  // last: it uses all of the above
};

}  // namespace moescope
