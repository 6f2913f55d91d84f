// An agent at play and at work: it acts, remembers, learns, and can be put away and taken out again to the bit.
//
// Everything random is a function of (seed, step) or (seed, episode). A checkpoint holds the weights, the replay buffer
// and the actions of the episode in progress; the game is told again from them.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compute/rl/environment.h"
#include "compute/rl/learner.h"
#include "compute/rl/replay.h"

namespace moescope::rl {

struct EpisodeReport {
  double episode_return = 0;
  int64_t length = 0;
};

class Agent {
 public:
  enum class Advance { stepped, diverged };

  /// Throws ConfigError: unknown game, a replay buffer larger than the memory, settings that contradict each other.
  explicit Agent(const RlConfig& config, Memory& memory = host_memory());

  /// One action, and what follows from it: remembering, an update and a copy to the target network when they are due.
  Advance step();

  int64_t steps() const { return steps_; }
  int64_t updates() const { return updates_; }
  int64_t episodes() const { return episodes_; }  // finished
  double epsilon() const;
  /// The episode that the last step finished.
  const std::optional<EpisodeReport>& finished_episode() const { return finished_; }
  bool updated() const { return updated_; }  // in the last step; learner().report() is about it
  const std::string& divergence() const { return learner_.divergence(); }

  const RlConfig& config() const { return config_; }
  const Environment& environment() const { return *environment_; }
  const Learner& learner() const { return learner_; }
  Learner& learner() { return learner_; }
  const Replay& replay() const { return replay_; }

  std::vector<std::byte> save() const;
  /// Throws FormatError, and the agent must not be used, when the bytes are damaged or of another configuration.
  void restore(std::span<const std::byte> bytes, const std::string& name);

 private:
  void begin_episode();
  int choose_action();
  void learn();

  RlConfig config_;
  std::unique_ptr<Environment> environment_;
  Learner learner_;
  Replay replay_;
  ReplayBatch batch_;
  Arena arena_;
  QNetwork::Context context_;
  std::vector<uint8_t> observation_;

  int64_t steps_ = 0, updates_ = 0, episodes_ = 0;
  double episode_return_ = 0;
  std::vector<uint8_t> episode_actions_;
  std::optional<EpisodeReport> finished_;
  bool updated_ = false;
};

/// The configuration of a saved agent. Throws FormatError when the bytes are none or are damaged.
RlConfig read_agent_config(std::span<const std::byte> bytes, const std::string& name);

/// A player with given weights: what evaluation, `rl play` and a window watch.
class Player {
 public:
  /// The network must outlive it.
  Player(QNetwork& network, uint64_t seed, double epsilon);

  void begin(uint64_t episode) { begin(seed_, episode); }
  void begin(uint64_t seed, uint64_t episode);
  /// Q(s,.) of the present state; fills routing() when the layer is a mixture.
  const std::vector<float>& look();
  /// What it would do: the best action, or a random one.
  int choose();
  /// The random move that is due in the present state; nothing: it follows its values.
  std::optional<int> random_move() const;
  Environment::Outcome play(int action) { return environment_->step(action); }

  const Environment& environment() const { return *environment_; }
  const Routing& routing() const { return context_.penultimate.moe.routing; }
  /// [0][expert] 1: switched off from the next look on.
  std::vector<std::vector<uint8_t>> experts_off;

 private:
  QNetwork& network_;
  std::unique_ptr<Environment> environment_;
  uint64_t seed_, episode_ = 0;
  double epsilon_;
  Arena arena_;
  QNetwork::Context context_;
  std::vector<uint8_t> observation_;
  std::vector<float> q_;
};

struct EvaluationReport {
  std::vector<EpisodeReport> episodes;
  double mean_return = 0;
};
/// Plays whole episodes with config.epsilon_eval (1: at random) from seeds of their own.
EvaluationReport evaluate(QNetwork& network, int64_t episodes, uint64_t seed, double epsilon);

}  // namespace moescope::rl
