// Does a mixture as penultimate layer help an agent? arXiv:2402.08609 in the small: an agent of deep reinforcement
// learning from its first step to its last, what it earned in the end, and how its units were doing.
#include <chrono>
#include <cmath>

#include "compute/core/clock.h"
#include "compute/records/error.h"
#include "compute/rl/agent.h"
#include "compute/rl/measures.h"
#include "compute/studies/study.h"

namespace moescope {
namespace {

constexpr int64_t kReport = 1000;  // steps between points of the curves
constexpr double kTail = 0.2;      // results are means over this last share of the steps

/// Layer, experts and their width, learning rate, batch, seed come from the configuration; of `numbers` "game" (its
/// place among environment_names()), "tokens" (of RlTokens), "widen", "fixed_phi", "filters", "min_replay",
/// "epsilon_decay", "target_period", "update_period", "replay_capacity", "n_step".
RlConfig agent_config(const StudyCase& study) {
  const RunConfig& c = study.config;
  const auto number = [&](const char* key, double fallback) { return number_of(study.numbers, key, fallback); };
  const auto whole = [&](const char* key, int64_t fallback) {
    return std::llround(number(key, static_cast<double>(fallback)));
  };
  RlConfig config;
  const auto names = rl::environment_names();
  const int64_t game = whole("game", 1);
  if (game < 0 || game >= std::ssize(names))
    throw ConfigError("agent: there is no game number " + std::to_string(game));
  config.game = names[static_cast<size_t>(game)];
  config.layer = c.router.kind == RouterKind::soft            ? RlLayer::soft
                 : c.router.kind == RouterKind::tokens_choice ? RlLayer::top1
                                                              : RlLayer::dense;
  config.experts = c.router.num_experts;
  if (c.router.expert_mlp > 0) config.hidden = c.router.expert_mlp;
  config.tokens = static_cast<RlTokens>(whole("tokens", 0));
  config.widen = whole("widen", config.widen);
  config.fixed_phi = number("fixed_phi", 0) != 0;
  config.filters = whole("filters", config.filters);
  config.min_replay = whole("min_replay", config.min_replay);
  config.epsilon_decay = whole("epsilon_decay", config.epsilon_decay);
  config.target_period = whole("target_period", config.target_period);
  config.update_period = whole("update_period", config.update_period);
  config.replay_capacity = whole("replay_capacity", config.replay_capacity);
  config.n_step = whole("n_step", config.n_step);
  config.learning_rate = c.train.learning_rate;
  config.adam_epsilon = c.train.epsilon;
  config.batch_size = c.train.batch_size;
  config.seed = c.train.seed;
  config.threads = 1;
  return config;
}

struct Mean {
  double sum = 0;
  int64_t count = 0;
  void add(double value) { sum += value, ++count; }
  double value() const { return count > 0 ? sum / static_cast<double>(count) : std::nan(""); }
};

}  // namespace

StudyOutcome agent_study(const StudyCase& study, const StudyProgress& progress) {
  const int64_t steps = study.config.train.schedule_steps;
  if (steps < kReport) throw ConfigError("agent needs train.schedule_steps, the number of steps to play");
  const RlConfig config = agent_config(study);
  rl::Agent agent(config);
  StudyOutcome outcome;
  const auto begin = std::chrono::steady_clock::now();
  Mean interval, untrained, earned, dormant, rank;
  bool failed = false;
  const auto tail = static_cast<int64_t>(static_cast<double>(steps) * (1 - kTail));
  while (agent.steps() < steps) {
    if (agent.step() == rl::Agent::Advance::diverged) {
      failed = true;
      break;
    }
    if (const auto& episode = agent.finished_episode()) {
      interval.add(episode->episode_return);
      if (agent.updates() == 0) untrained.add(episode->episode_return);
      if (agent.steps() > tail) earned.add(episode->episode_return);
    }
    if (agent.steps() % kReport != 0) continue;
    const double secs = secs_since(begin);
    if (interval.count > 0) outcome.curve.push_back({"rl/return", agent.steps(), secs, interval.value()});
    interval = {};
    if (agent.updates() > 0) {
      const rl::RlMeasures m = rl::measure_update(agent.learner());
      outcome.curve.push_back({"rl/dormant", agent.steps(), secs, m.dormant});
      if (agent.steps() > tail) dormant.add(m.dormant), rank.add(static_cast<double>(m.effective_rank));
    }
    if (!progress(static_cast<double>(agent.steps()) / static_cast<double>(steps))) throw StudyStopped();
  }
  const rl::QNetworkSize size = rl::measure(agent.learner().online());
  // A network that diverged is worth what it played before it learned; how its units were doing nobody can say.
  outcome.values = {{"return", failed ? untrained.value() : earned.value()},
                    {"failed", failed ? 1.0 : 0.0},
                    {"parameters", static_cast<double>(size.parameters)},
                    {"mflop", size.forward_mflop}};
  if (!failed) outcome.values["dormant"] = dormant.value(), outcome.values["rank"] = rank.value();
  outcome.steps = agent.steps();
  outcome.num_parameters = size.parameters;
  outcome.gflops_per_image = size.forward_mflop * 1e-3;
  outcome.dataset = config.game;
  outcome.dataset_hash = "played, seed " + std::to_string(config.seed);
  return outcome;
}

}  // namespace moescope
