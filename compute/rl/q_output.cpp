// One or two linear layers and a mean.
#include "compute/rl/q_output.h"

#include <algorithm>
#include <cmath>

#include "compute/ops/reduce/reduce.h"

namespace moescope::rl {

QOutput::QOutput(ParameterSet& parameters, int64_t width, int64_t actions, int64_t atoms, bool dueling)
    : actions_(actions), atoms_(atoms) {
  const auto layer = [&](const std::string& name, int64_t columns) {
    return Linear(parameters, name + ".w", name + ".b", width, columns, Init::xavier_uniform(width, columns),
                  Init::constant(0), ParameterRole::head_kernel);
  };
  q_ = layer(dueling ? "adv" : "q", actions * atoms);
  if (dueling) value_ = layer("val", atoms);
}

Tensor QOutput::forward(const Tensor& x, Arena& arena) const {
  const int64_t states = x.dim(0);
  const Tensor logits = arena.make({states, actions_, atoms_});
  q_.forward(x, logits.reshaped({states, actions_ * atoms_}));
  if (!value_) return logits;
  const ArenaScope scope(arena);
  const Tensor value = arena.make({states, atoms_});
  value_->forward(x, value);
  for (int64_t b = 0; b < states; ++b)
    for (int64_t k = 0; k < atoms_; ++k) {
      float* at = logits.f32() + b * actions_ * atoms_ + k;
      float mean = 0;
      for (int64_t a = 0; a < actions_; ++a) mean += at[a * atoms_];
      mean /= static_cast<float>(actions_);
      for (int64_t a = 0; a < actions_; ++a) at[a * atoms_] += value.f32()[b * atoms_ + k] - mean;
    }
  return logits;
}

void QOutput::backward(const Tensor& x, const Tensor& dlogits, const Tensor& dx, Arena& arena) const {
  const ArenaScope scope(arena);
  const int64_t states = x.dim(0);
  if (!value_) {
    q_.backward(x, dlogits.reshaped({states, actions_ * atoms_}), dx);
    return;
  }
  const Tensor dvalue = arena.zeros({states, atoms_}), dadvantage = arena.make({states, actions_ * atoms_});
  copy(dlogits.reshaped(dadvantage.shape()), dadvantage);
  for (int64_t b = 0; b < states; ++b)
    for (int64_t k = 0; k < atoms_; ++k) {
      float* at = dadvantage.f32() + b * actions_ * atoms_ + k;
      float& sum = dvalue.f32()[b * atoms_ + k];
      for (int64_t a = 0; a < actions_; ++a) sum += at[a * atoms_];
      for (int64_t a = 0; a < actions_; ++a) at[a * atoms_] -= sum / static_cast<float>(actions_);
    }
  const Tensor dx_value = arena.make(dx.shape());
  q_.backward(x, dadvantage, dx);
  value_->backward(x, dvalue, dx_value);
  add(dx_value, dx);
}

void action_values(const Tensor& logits, double limit, const Tensor& q, const Tensor& probabilities) {
  const int64_t rows = logits.dim(0) * logits.dim(1), atoms = logits.dim(2);
  if (atoms == 1) {
    copy(logits.reshaped(q.shape()), q);
    return;
  }
  for (int64_t r = 0; r < rows; ++r) {
    const float* z = logits.f32() + r * atoms;
    const float largest = *std::max_element(z, z + atoms);
    double sum = 0, mean = 0;
    for (int64_t k = 0; k < atoms; ++k) {
      const double p = std::exp(static_cast<double>(z[k] - largest));
      sum += p;
      mean += p * (-limit + 2 * limit * static_cast<double>(k) / static_cast<double>(atoms - 1));
    }
    q.f32()[r] = static_cast<float>(mean / sum);
    if (probabilities.empty()) continue;
    for (int64_t k = 0; k < atoms; ++k)
      probabilities.f32()[r * atoms + k] = static_cast<float>(std::exp(static_cast<double>(z[k] - largest)) / sum);
  }
}

}  // namespace moescope::rl
