// Does a mixture as penultimate layer help an agent? arXiv:2402.08609 in the small: an agent of deep reinforcement
// learning from its first step to its last, what it earned on the way and in the end beside play at random, and how its
// units were doing.
#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>

#include "compute/core/clock.h"
#include "compute/records/error.h"
#include "compute/rl/agent.h"
#include "compute/rl/measures.h"
#include "compute/studies/agent_config.h"
#include "compute/studies/thread_time.h"

namespace moescope {

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

namespace {

constexpr int64_t kReport = 1000;          // steps between points of the curves
constexpr double kTail = 0.2;              // results are means over this last share of the steps
constexpr int64_t kPieces = 40;            // of the steps, each with its mean return
constexpr int64_t kRandomEpisodes = 1000;  // a mean of them is sure to a few percent

struct Mean {
  double sum = 0;
  int64_t count = 0;
  void add(double value) { sum += value, ++count; }
  double value() const { return count > 0 ? sum / static_cast<double>(count) : std::nan(""); }
};

/// Mean returns of the episodes that ended in each piece of the steps: "return_at/STEP", the piece's last step. A piece
/// in which none ended has no value.
class ReturnCurve {
 public:
  explicit ReturnCurve(int64_t steps) : steps_(steps) {}
  void add(int64_t step, double value) { pieces_[static_cast<size_t>((step - 1) * kPieces / steps_)].add(value); }
  void write(Values& values) const {
    for (int64_t i = 0; i < kPieces; ++i) {
      const Mean& piece = pieces_[static_cast<size_t>(i)];
      if (piece.count > 0) values["return_at/" + std::to_string((i + 1) * steps_ / kPieces)] = piece.value();
    }
  }

 private:
  int64_t steps_;
  std::array<Mean, kPieces> pieces_;
};

/// What the same game with the same seed gives whoever plays it at random: the mean, and what 95 of 100 episodes stay
/// below.
void play_at_random(rl::QNetwork& network, const RlConfig& config, Values& values) {
  const rl::EvaluationReport random = rl::evaluate(network, kRandomEpisodes, static_cast<uint64_t>(config.seed), 1);
  std::vector<double> returns;
  for (const rl::EpisodeReport& episode : random.episodes) returns.push_back(episode.episode_return);
  std::sort(returns.begin(), returns.end());
  values["random"] = random.mean_return;
  values["random_p95"] = returns[returns.size() * 95 / 100];
}

}  // namespace

StudyOutcome agent_study(const StudyCase& study, const StudyProgress& progress) {
  const int64_t steps = study.config.train.schedule_steps;
  if (steps < kReport) throw ConfigError("agent needs train.schedule_steps, the number of steps to play");
  const RlConfig config = agent_config(study);
  rl::Agent agent(config);
  StudyOutcome outcome;
  const auto begin = std::chrono::steady_clock::now();
  const double processor_began = thread_secs();
  Mean interval, untrained, earned, dormant, rank;
  ReturnCurve curve(steps);
  bool failed = false;
  const auto tail = static_cast<int64_t>(static_cast<double>(steps) * (1 - kTail));
  while (agent.steps() < steps) {
    if (agent.step() == rl::Agent::Advance::diverged) {
      failed = true;
      break;
    }
    if (const auto& episode = agent.finished_episode()) {
      interval.add(episode->episode_return);
      curve.add(agent.steps(), episode->episode_return);
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
                    {"steps", static_cast<double>(agent.steps())},
                    {"processor_minutes", (thread_secs() - processor_began) / 60},
                    {"parameters", static_cast<double>(size.parameters)},
                    {"mflop", size.forward_mflop}};
  if (!failed) outcome.values["dormant"] = dormant.value(), outcome.values["rank"] = rank.value();
  curve.write(outcome.values);
  play_at_random(agent.learner().online(), config, outcome.values);
  outcome.steps = agent.steps();
  outcome.num_parameters = size.parameters;
  outcome.gflops_per_image = size.forward_mflop * 1e-3;
  outcome.dataset = config.game;
  outcome.dataset_hash = "played, seed " + std::to_string(config.seed);
  return outcome;
}

}  // namespace moescope
