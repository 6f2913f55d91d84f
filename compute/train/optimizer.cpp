// Decay rules, stretches of equal decay, and the calls into the fused updates.
#include "compute/train/optimizer.h"

#include <cmath>

#include "compute/ops/adamw/adamw.h"
#include "compute/train/alike_parameters.h"

namespace moescope {

namespace {

/// Whether `kernels` decays this role. The head is apart: it may have a decay of its own.
bool decays_with_kernels(ParameterRole role) {
  return role == ParameterRole::kernel || role == ParameterRole::router || role == ParameterRole::scale;
}

}  // namespace

double weight_decay_of(const TrainConfig& config, ParameterRole role) {
  if (role == ParameterRole::head_kernel) {
    return config.head_weight_decay >= 0 ? config.head_weight_decay : config.weight_decay;
  }
  return config.decay_rule == DecayRule::all || decays_with_kernels(role) ? config.weight_decay : 0;
}

double clip_factor(double gradient_norm, double limit) {
  return limit > 0 && gradient_norm >= limit ? limit / gradient_norm : 1;
}

Optimizer::Optimizer(OptimizerKind kind, const ParameterSet& parameters, Memory& memory)
    : kind_(kind), parameters_(&parameters) {
  for (int i = 0; i < num_moments(); ++i) moments_.emplace_back(memory, parameters.values().shape());
}

double Optimizer::gradient_norm() const { return std::sqrt(sum_of_squares(parameters_->gradients())); }

void Optimizer::update(const TrainConfig& config, int64_t step, double learning_rate, double gradient_scale) {
  for_each_alike(*parameters_, config, [&](const AlikeParameters& alike) {
    const auto decay = static_cast<float>(alike.weight_decay);
    const auto part = [&](const Tensor& flat) { return flat.rows(alike.begin, alike.end); };
    const Tensor gradient = part(parameters_->gradients()), value = part(parameters_->values());
    if (kind_ == OptimizerKind::adamw) {
      adamw(
          {static_cast<float>(learning_rate), static_cast<float>(config.beta1), static_cast<float>(config.beta2),
           static_cast<float>(config.epsilon), decay, step - alike.first_step + 1, static_cast<float>(gradient_scale)},
          gradient, part(moment(0)), part(moment(1)), value);
    } else {
      sgd_momentum({static_cast<float>(learning_rate), static_cast<float>(config.momentum), decay,
                    static_cast<float>(gradient_scale)},
                   gradient, part(moment(0)), value);
    }
  });
}

std::string find_not_finite(const ParameterSet& parameters, bool in_gradients, bool from_end) {
  std::string found;
  for (const Parameter& p : parameters.all()) {
    if (std::isfinite(sum_of_squares(in_gradients ? p.gradient : p.value))) continue;
    if (!from_end) return p.name;
    found = p.name;
  }
  return found;
}

}  // namespace moescope
