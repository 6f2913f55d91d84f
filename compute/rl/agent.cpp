// The loop of NUMERICS 5.7, a step at a time.
#include "compute/rl/agent.h"

#include <algorithm>

#include "compute/core/error.h"
#include "compute/records/rl_config_fields.h"

namespace moescope::rl {
namespace {

constexpr RngPurpose kActing{101}, kActingNoise{102};

const RlConfig& checked(const RlConfig& config) {
  validate(config);
  return config;
}

std::unique_ptr<Environment> environment_for(const RlConfig& config) {
  auto environment = make_environment(config);
  environment->reset(static_cast<uint64_t>(config.seed), 0);
  return environment;
}

}  // namespace

Agent::Agent(const RlConfig& config, Memory& memory)
    : config_(checked(config)),
      environment_(environment_for(config)),
      learner_(config, environment_->info().observation, static_cast<int64_t>(environment_->info().actions.size()),
               memory),
      replay_(config, *environment_),
      observation_(static_cast<size_t>(environment_->info().observation_bytes)) {
  begin_episode();
}

void Agent::begin_episode() {
  environment_->reset(static_cast<uint64_t>(config_.seed), static_cast<uint64_t>(episodes_));
  episode_actions_.clear();
  episode_return_ = 0;
}

double Agent::epsilon() const {
  if (config_.noisy) return 0;
  if (config_.epsilon_decay == 0) return config_.epsilon_train;
  const double left = static_cast<double>(config_.epsilon_decay + config_.min_replay - steps_) /
                      static_cast<double>(config_.epsilon_decay);
  return config_.epsilon_train + (1 - config_.epsilon_train) * std::clamp(left, 0.0, 1.0);
}

int Agent::choose_action() {
  Rng rng(static_cast<uint64_t>(config_.seed), kActing, static_cast<uint64_t>(steps_));
  const auto actions = static_cast<int64_t>(environment_->info().actions.size());
  if (!config_.noisy && rng.uniform() <= epsilon()) return static_cast<int>(rng.below(actions));
  arena_.reset();
  const Tensor x = arena_.make(environment_->info().observation.batch(1)), q = arena_.make({1, actions});
  environment_->unpack(observation_.data(), x.f32());
  QPass pass;
  pass.arena = &arena_;
  QNetwork& network = learner_.online();
  std::optional<UseNoise> noise;
  if (config_.noisy) {
    Rng noise_rng(static_cast<uint64_t>(config_.seed), kActingNoise, static_cast<uint64_t>(steps_));
    network.noise().draw(noise_rng);
    noise.emplace(network.noise());
  }
  action_values(network.forward(x, pass, context_), config_.value_limit, q);
  return static_cast<int>(std::max_element(q.f32(), q.f32() + actions) - q.f32());
}

Agent::Advance Agent::step() {
  finished_.reset();
  updated_ = false;
  environment_->observe(observation_);
  const int action = choose_action();
  const Environment::Outcome outcome = environment_->step(action);
  episode_actions_.push_back(static_cast<uint8_t>(action));
  episode_return_ += outcome.reward;
  replay_.add(observation_, action, outcome.reward,
              outcome.terminal    ? EpisodeEnd::terminal
              : outcome.truncated ? EpisodeEnd::truncated
                                  : EpisodeEnd::none);
  ++steps_;
  if (outcome.over()) {
    finished_ = EpisodeReport{episode_return_, environment_->steps()};
    ++episodes_;
    begin_episode();
  }
  if (steps_ <= config_.min_replay) return Advance::stepped;
  if (steps_ % config_.update_period == 0) learn();
  if (!learner_.divergence().empty()) return Advance::diverged;
  if (steps_ % config_.target_period == 0) learner_.copy_target();
  return Advance::stepped;
}

void Agent::learn() {
  replay_.sample(static_cast<uint64_t>(config_.seed), updates_, batch_);
  if (!learner_.update(batch_, updates_)) return;
  replay_.set_losses(batch_, learner_.sample_losses());
  ++updates_;
  updated_ = true;
}

Player::Player(QNetwork& network, uint64_t seed, double epsilon)
    : network_(network), environment_(make_environment(network.config())), seed_(seed), epsilon_(epsilon) {
  observation_.resize(static_cast<size_t>(environment_->info().observation_bytes));
  q_.resize(environment_->info().actions.size());
  if (network.penultimate().is_mixture())
    experts_off.assign(1, std::vector<uint8_t>(static_cast<size_t>(network.config().experts), 0));
}

void Player::begin(uint64_t seed, uint64_t episode) {
  seed_ = seed, episode_ = episode;
  environment_->reset(seed, episode);
}

const std::vector<float>& Player::look() {
  arena_.reset();
  environment_->observe(observation_);
  const Tensor x = arena_.make(environment_->info().observation.batch(1)),
               q = arena_.make({1, static_cast<int64_t>(q_.size())});
  environment_->unpack(observation_.data(), x.f32());
  QPass pass;
  pass.arena = &arena_;
  if (!experts_off.empty()) pass.experts_off = &experts_off;
  action_values(network_.forward(x, pass, context_), network_.config().value_limit, q);
  std::copy_n(q.f32(), q_.size(), q_.begin());
  return q_;
}

std::optional<int> Player::random_move() const {
  Rng rng(seed_, kActing, episode_, static_cast<uint64_t>(environment_->steps()));
  if (epsilon_ <= 0 || rng.uniform() > epsilon_) return std::nullopt;
  return static_cast<int>(rng.below(static_cast<int64_t>(q_.size())));
}

int Player::choose() {
  if (const std::optional<int> random = random_move()) return *random;
  const std::vector<float>& q = look();
  return static_cast<int>(std::max_element(q.begin(), q.end()) - q.begin());
}

EvaluationReport evaluate(QNetwork& network, int64_t episodes, uint64_t seed, double epsilon) {
  EvaluationReport report;
  Player player(network, seed, epsilon);
  for (int64_t i = 0; i < episodes; ++i) {
    player.begin(static_cast<uint64_t>(i));
    EpisodeReport episode;
    for (bool over = false; !over;) {
      const Environment::Outcome outcome = player.play(player.choose());
      episode.episode_return += outcome.reward;
      over = outcome.over();
    }
    episode.length = player.environment().steps();
    report.episodes.push_back(episode);
    report.mean_return += episode.episode_return / static_cast<double>(episodes);
  }
  return report;
}

}  // namespace moescope::rl
