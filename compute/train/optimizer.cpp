// Decay rules, stretches of equal decay, and the calls into the fused updates.
#include "compute/train/optimizer.h"

#include <cmath>

#include "compute/ops/adamw/adamw.h"

namespace moescope {

namespace {

/// Whether `kernels` decays this role. The head is apart: it may have a decay of its own.
bool decays_with_kernels(ParameterRole role) {
  return role == ParameterRole::kernel || role == ParameterRole::router || role == ParameterRole::scale;
}

/// Roles that decay alike under every configuration fall into one class.
int decay_class(ParameterRole role) {
  return role == ParameterRole::head_kernel ? 2 : decays_with_kernels(role) ? 1 : 0;
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
  for (const Parameter& p : parameters.all()) {
    // A parameter's padding belongs to it: zeros with zero gradients stay zeros.
    if (!stretches_.empty()) stretches_.back().end = p.offset;
    if (stretches_.empty() || decay_class(stretches_.back().role) != decay_class(p.role)) {
      stretches_.push_back({p.offset, p.offset, p.role});
    }
  }
  if (!stretches_.empty()) stretches_.back().end = parameters.values().size();
}

double Optimizer::gradient_norm() const { return std::sqrt(sum_of_squares(parameters_->gradients())); }

void Optimizer::update(const TrainConfig& config, int64_t step, double learning_rate, double gradient_scale) {
  for (size_t i = 0; i < stretches_.size();) {
    const double decay = weight_decay_of(config, stretches_[i].role);
    const int64_t begin = stretches_[i].begin;
    int64_t end = stretches_[i].end;
    while (++i < stretches_.size() && weight_decay_of(config, stretches_[i].role) == decay) end = stretches_[i].end;
    const auto part = [&](const Tensor& flat) { return flat.rows(begin, end); };
    const Tensor gradient = part(parameters_->gradients()), value = part(parameters_->values());
    if (kind_ == OptimizerKind::adamw) {
      adamw(
          {static_cast<float>(learning_rate), static_cast<float>(config.beta1), static_cast<float>(config.beta2),
           static_cast<float>(config.epsilon), static_cast<float>(decay), step + 1, static_cast<float>(gradient_scale)},
          gradient, part(moment(0)), part(moment(1)), value);
    } else {
      sgd_momentum({static_cast<float>(learning_rate), static_cast<float>(config.momentum), static_cast<float>(decay),
                    static_cast<float>(gradient_scale)},
                   gradient, part(moment(0)), value);
    }
  }
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
