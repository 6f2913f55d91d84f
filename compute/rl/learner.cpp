// Targets without a gradient, then one pass forward and back through the online network, then Adam.
#include "compute/rl/learner.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "compute/ops/reduce/reduce.h"
#include "compute/rl/td.h"

namespace moescope::rl {
namespace {

constexpr RngPurpose kNoise{104};

TrainConfig adam_of(const RlConfig& config) {
  TrainConfig adam;
  adam.learning_rate = config.learning_rate;
  adam.epsilon = config.adam_epsilon;
  adam.weight_decay = 0;
  return adam;
}

/// Noise on in a network for a scope, drawn for (seed, update, part).
class Noisy {
 public:
  Noisy(QNetwork& network, const RlConfig& config, int64_t update, uint64_t part) {
    if (network.noise().empty()) return;
    Rng rng(static_cast<uint64_t>(config.seed), kNoise, static_cast<uint64_t>(update), part);
    network.noise().draw(rng);
    use_.emplace(network.noise());
  }

 private:
  std::optional<UseNoise> use_;
};

void best_actions(const Tensor& q, const Tensor& choice) {
  for (int64_t b = 0; b < q.dim(0); ++b) {
    const float* row = q.f32() + b * q.dim(1);
    choice.i32()[b] = static_cast<int32_t>(std::max_element(row, row + q.dim(1)) - row);
  }
}

}  // namespace

Learner::Learner(const RlConfig& config, const MapShape& observation, int64_t actions, Memory& memory)
    : config_(config),
      adam_(adam_of(config)),
      online_(config, observation, actions, memory),
      target_(config, observation, actions, memory),
      optimizer_(OptimizerKind::adamw, online_.parameters(), memory),
      targets_(static_cast<size_t>(config.batch_size)),
      sample_(static_cast<size_t>(config.batch_size)) {}

void Learner::make_targets(const ReplayBatch& batch, int64_t update, const Tensor& projected) {
  const ArenaScope scope(arena_);
  const int64_t states = config_.batch_size, actions = online_.actions(), atoms = online_.atoms();
  QPass pass;
  pass.arena = &arena_;
  const Tensor q = arena_.make({states, actions}), choice = arena_.make({states}, DType::i32);
  Tensor next;
  {
    const Noisy noisy(target_, config_, update, 1);
    next = target_.forward(batch.next_states, pass, other_context_);
  }
  action_values(next, config_.value_limit, q);
  const bool plain = !config_.double_dqn && atoms == 1;
  if (config_.double_dqn) {
    const Noisy noisy(online_, config_, update, 2);
    const Tensor online_q = arena_.make({states, actions});
    action_values(online_.forward(batch.next_states, pass, other_context_), config_.value_limit, online_q);
    best_actions(online_q, choice);
  } else if (!plain) {
    best_actions(q, choice);
  }
  if (atoms == 1) {
    td_targets(batch.rewards, batch.discounts, q, plain ? Tensor() : choice, targets_);
    return;
  }
  const Tensor probabilities = arena_.make(next.shape()), chosen = arena_.make({states, atoms});
  action_values(next, config_.value_limit, q, probabilities);
  for (int64_t b = 0; b < states; ++b)
    std::copy_n(probabilities.f32() + (b * actions + choice.i32()[b]) * atoms, atoms, chosen.f32() + b * atoms);
  c51_project(batch.rewards, batch.discounts, chosen, config_.value_limit, projected);
}

double Learner::loss_and_gradients(const ReplayBatch& batch, const Tensor& projected, int64_t update) {
  const int64_t states = config_.batch_size, actions = online_.actions();
  QPass pass;
  pass.arena = &arena_;
  pass.training = pass.backward = true;
  pass.seed = static_cast<uint64_t>(config_.seed);
  pass.step = update;
  const Noisy noisy(online_, config_, update, 3);
  const Tensor logits = online_.forward(batch.states, pass, context_);
  const Tensor dlogits = arena_.make(logits.shape()), q = arena_.make({states, actions});
  const Shape flat{states, actions};
  report_.loss = online_.atoms() == 1 ? td_loss(logits.reshaped(flat), batch.actions, targets_, batch.weights,
                                                dlogits.reshaped(flat), sample_)
                                      : c51_loss(logits, batch.actions, projected, batch.weights, dlogits, sample_);
  action_values(logits, config_.value_limit, q);
  tell(batch, q, projected);
  report_.auxiliary = context_.penultimate.auxiliary;
  report_.aux_loss = report_.auxiliary.weighted;
  const double loss = report_.loss + report_.aux_loss;
  if (!std::isfinite(loss)) return loss;
  online_.parameters().zero_gradients();
  online_.backward(context_, dlogits, pass);
  online_.noise().add_gradients();
  if (config_.fixed_phi)
    if (const Parameter* phi = online_.parameters().find("moe.mu")) fill(phi->gradient, 0);
  return loss;
}

void Learner::tell(const ReplayBatch& batch, const Tensor& q, const Tensor& projected) {
  const int64_t states = config_.batch_size, atoms = online_.atoms();
  report_.td_error = report_.q = 0;
  for (int64_t b = 0; b < states; ++b) {
    const auto at = static_cast<size_t>(b);
    const float* row = q.f32() + b * q.dim(1);
    double target = targets_[at];
    if (atoms > 1) {
      target = 0;
      for (int64_t k = 0; k < atoms; ++k)
        target += projected.f32()[b * atoms + k] * config_.value_limit *
                  (2 * static_cast<double>(k) / static_cast<double>(atoms - 1) - 1);
    }
    report_.td_error += std::abs(target - row[batch.actions[at]]) / static_cast<double>(states);
    report_.q += *std::max_element(row, row + q.dim(1)) / static_cast<double>(states);
  }
}

bool Learner::update(const ReplayBatch& batch, int64_t update) {
  arena_.reset();
  const Tensor projected =
      online_.atoms() > 1 ? arena_.make({config_.batch_size, online_.atoms()}) : arena_.make({1, 1});
  make_targets(batch, update, projected);
  const double loss = loss_and_gradients(batch, projected, update);
  const auto diverge = [&](const std::string& what) {
    divergence_ = what + " of update " + std::to_string(update + 1) +
                  " is not finite; nothing was changed by it: start again with a lower rl.learning_rate";
    return false;
  };
  if (!std::isfinite(loss)) return diverge("the loss");
  report_.gradient_norm = optimizer_.gradient_norm();
  if (!std::isfinite(report_.gradient_norm)) return diverge("the gradient");
  optimizer_.update(adam_, update, config_.learning_rate, 1);
  return true;
}

}  // namespace moescope::rl
