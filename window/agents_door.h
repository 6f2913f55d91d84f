// What the page of agents needs of those who train and play them: wishes go in, what is seen comes out.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "compute/records/agent_view.h"
#include "compute/records/metric.h"
#include "compute/records/snapshot.h"

namespace moescope {

/// An agent in the store.
struct AgentLine {
  int64_t run_id = 0, step = 0;
  std::string name, game, layer;  // layer: "dense", "soft, 8 experts"
  double last_return = 0;         // NaN: none
};
struct AgentLines {
  std::vector<AgentLine> agents;  // newest first
  std::string refusal;            // why the store cannot be read; empty: it can
};

/// The agent that trains in this window.
struct AgentTrainingState {
  bool exists = false, paused = false;
  RunState state = RunState::preparing;
  std::string name, message;
  int64_t run_id = 0, steps = 0, episodes = 0;
  double recent_return = 0, steps_per_sec = 0;
};

/// Curves of the agent on view.
struct AgentMetrics {
  bool of_another = false;  // what came before was of another agent
  std::vector<Metric> metrics;
};

namespace agent {
struct Open {
  int64_t run_id = 0;
};  // 0: the one in training
struct Train {
  RlConfig config;
};  // one at a time: the one in training is saved and left
struct PauseTraining {
  bool paused = false;
};
struct StopTraining {};
struct Play {
  bool on = false;
};
struct StepBy {
  int64_t steps = 0;
};
struct GoTo {
  int64_t step = 0;
};
struct SetSpeed {
  double steps_per_sec = 10;
};  // 0: as fast as it goes
struct SwitchOff {
  std::vector<uint8_t> experts;
};
struct TakeOver {
  bool by_hand = false;
};
struct Act {
  int action = 0;
};  // by hand: now when the game stands
struct Hold {
  int action = -1;
};  // by hand: while the game runs; -1: nothing
struct BeginEpisode {};
struct OpenEpisode {
  int64_t index = 0;
};
struct KeepEpisode {};  // as a file
struct LookAtReplay {};
}  // namespace agent
using AgentAsk =
    std::variant<agent::Open, agent::Train, agent::PauseTraining, agent::StopTraining, agent::Play, agent::StepBy,
                 agent::GoTo, agent::SetSpeed, agent::SwitchOff, agent::TakeOver, agent::Act, agent::Hold,
                 agent::BeginEpisode, agent::OpenEpisode, agent::KeepEpisode, agent::LookAtReplay>;

/// All calls come from the UI thread and return at once.
class AgentsDoor {
 public:
  virtual ~AgentsDoor() = default;

  /// Somebody looks from now on; nobody does any more: the game stands still.
  virtual void show() = 0;
  virtual void rest() = 0;
  /// In the order given. What cannot be comes back as a notice.
  virtual void ask(AgentAsk ask) = 0;

  virtual bool take_view(std::shared_ptr<const AgentView>& out) = 0;
  virtual bool take_replay(std::shared_ptr<const ReplayView>& out) = 0;
  virtual bool take_lines(std::shared_ptr<const AgentLines>& out) = 0;
  virtual AgentTrainingState training() const = 0;
  virtual AgentMetrics take_metrics() = 0;
  virtual std::vector<std::string> drain_notices() = 0;
  /// Gives a function that any thread may call when something new can be taken.
  virtual void set_waker(std::function<void()> wake) = 0;
};

}  // namespace moescope
