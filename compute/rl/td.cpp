// A batch is small: plain loops, in double where sums are taken.
#include "compute/rl/td.h"

#include <algorithm>
#include <cmath>

#include "compute/ops/reduce/reduce.h"

namespace moescope::rl {

void td_targets(std::span<const float> rewards, std::span<const float> discounts, const Tensor& next_q,
                const Tensor& choice, std::span<float> targets) {
  const int64_t actions = next_q.dim(1);
  for (size_t b = 0; b < targets.size(); ++b) {
    const float* row = next_q.f32() + static_cast<int64_t>(b) * actions;
    const float next = choice.empty() ? *std::max_element(row, row + actions) : row[choice.i32()[b]];
    targets[b] = rewards[b] + discounts[b] * next;
  }
}

void c51_project(std::span<const float> rewards, std::span<const float> discounts, const Tensor& next, double limit,
                 const Tensor& projected) {
  const int64_t atoms = next.dim(1);
  const double gap = 2 * limit / static_cast<double>(atoms - 1);
  fill(projected, 0);
  for (size_t b = 0; b < rewards.size(); ++b) {
    const float* p = next.f32() + static_cast<int64_t>(b) * atoms;
    float* out = projected.f32() + static_cast<int64_t>(b) * atoms;
    for (int64_t k = 0; k < atoms; ++k) {
      const double z = rewards[b] + discounts[b] * (-limit + gap * static_cast<double>(k));
      const double place = (std::clamp(z, -limit, limit) + limit) / gap;
      const auto low = std::min(static_cast<int64_t>(place), atoms - 1), high = std::min(low + 1, atoms - 1);
      const double above = place - static_cast<double>(low);
      out[low] += static_cast<float>(p[k] * (1 - above));
      out[high] += static_cast<float>(p[k] * above);
    }
  }
}

double td_loss(const Tensor& q, std::span<const int32_t> actions, std::span<const float> targets,
               std::span<const float> weights, const Tensor& dq, std::span<float> sample) {
  const int64_t num_actions = q.dim(1);
  const auto batch = static_cast<double>(actions.size());
  double loss = 0;
  fill(dq, 0);
  for (size_t b = 0; b < actions.size(); ++b) {
    const int64_t at = static_cast<int64_t>(b) * num_actions + actions[b];
    const double error = static_cast<double>(targets[b]) - q.f32()[at], weight = weights.empty() ? 1 : weights[b];
    sample[b] = static_cast<float>(error * error);
    loss += weight * error * error;
    dq.f32()[at] = static_cast<float>(-2 * weight * error / batch);
  }
  return loss / batch;
}

double c51_loss(const Tensor& logits, std::span<const int32_t> actions, const Tensor& projected,
                std::span<const float> weights, const Tensor& dlogits, std::span<float> sample) {
  const int64_t num_actions = logits.dim(1), atoms = logits.dim(2);
  const auto batch = static_cast<double>(actions.size());
  double loss = 0;
  fill(dlogits, 0);
  for (size_t b = 0; b < actions.size(); ++b) {
    const int64_t at = (static_cast<int64_t>(b) * num_actions + actions[b]) * atoms;
    const float *z = logits.f32() + at, *target = projected.f32() + static_cast<int64_t>(b) * atoms;
    const double largest = *std::max_element(z, z + atoms), weight = weights.empty() ? 1 : weights[b];
    double sum = 0, mass = 0, entropy = 0;
    for (int64_t k = 0; k < atoms; ++k) sum += std::exp(z[k] - largest);
    const double log_sum = largest + std::log(sum);
    for (int64_t k = 0; k < atoms; ++k) {
      entropy -= target[k] * (z[k] - log_sum);
      mass += target[k];
    }
    for (int64_t k = 0; k < atoms; ++k)
      dlogits.f32()[at + k] = static_cast<float>(weight * (mass * std::exp(z[k] - log_sum) - target[k]) / batch);
    sample[b] = static_cast<float>(entropy);
    loss += weight * entropy;
  }
  return loss / batch;
}

}  // namespace moescope::rl
