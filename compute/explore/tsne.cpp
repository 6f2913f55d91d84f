// Perplexities by bisection, then gradient descent with momentum and early exaggeration, as in the paper's own code.
#include "compute/explore/tsne.h"

#include <algorithm>
#include <cmath>

namespace moescope {
namespace {

constexpr double kExaggeration = 12, kEarlyMomentum = 0.5, kMomentum = 0.8, kLeastGain = 0.01, kTiny = 1e-12;
constexpr int64_t kEarlyIterations = 100, kPointsAtOnce = 64;

/// exp(-beta d) over the others of point i, normalised, with its entropy at the logarithm of the perplexity.
void conditional(const std::vector<double>& distance, int64_t i, double perplexity, std::vector<double>& p) {
  double beta = 1, low = 0, high = INFINITY;
  const double target = std::log(perplexity);
  const double nearest = [&] {
    double least = INFINITY;
    for (size_t j = 0; j < distance.size(); ++j)
      if (static_cast<int64_t>(j) != i) least = std::min(least, distance[j]);
    return least;
  }();
  for (int step = 0; step < 60; ++step) {
    double sum = 0, weighted = 0;
    for (size_t j = 0; j < distance.size(); ++j) {
      const double d = distance[j] - nearest;
      p[j] = static_cast<int64_t>(j) == i ? 0 : std::exp(-beta * d);
      sum += p[j];
      weighted += p[j] * d;
    }
    for (double& x : p) x /= sum;
    const double entropy = std::log(sum) + beta * weighted / sum;
    if (std::abs(entropy - target) < 1e-5) return;
    (entropy > target ? low : high) = beta;
    beta = std::isinf(high) ? 2 * beta : (low + high) / 2;
  }
}

}  // namespace

Tsne::Tsne(const std::vector<float>& rows, int64_t columns, const std::vector<float>& start, double perplexity)
    : rows_(rows),
      n_(static_cast<int64_t>(rows.size()) / columns),
      columns_(columns),
      perplexity_(std::max(1.0, std::min(perplexity, static_cast<double>(n_ - 1) / 3))),
      p_(static_cast<size_t>(n_ * n_), 0),
      kernel_(p_.size()),
      y_(start.begin(), start.end()),
      velocity_(y_.size(), 0),
      gain_(y_.size(), 1) {
  double most = 0;  // a small start lets clusters pass through each other
  for (const double y : y_) most = std::max(most, std::abs(y));
  for (double& y : y_) y *= most > 0 ? 1e-4 / most : 0;
}

bool Tsne::prepare() {
  const int64_t last = std::min(n_, prepared_ + kPointsAtOnce);
  for (; prepared_ < last; ++prepared_) find_neighbours(prepared_);
  return prepared_ < n_;
}

void Tsne::find_neighbours(int64_t point) {
  const auto n = static_cast<size_t>(n_), width = static_cast<size_t>(columns_), i = static_cast<size_t>(point);
  std::vector<double> distance(n), conditional_p(n);
  for (size_t j = 0; j < n; ++j) {
    for (size_t c = 0; c < width; ++c) {
      const double d = static_cast<double>(rows_[i * width + c]) - rows_[j * width + c];
      distance[j] += d * d;
    }
  }
  conditional(distance, point, perplexity_, conditional_p);
  const double share = 1 / (2 * static_cast<double>(n_));
  for (size_t j = 0; j < n; ++j) {
    p_[i * n + j] += static_cast<float>(conditional_p[j] * share);
    p_[j * n + i] += static_cast<float>(conditional_p[j] * share);
  }
}

double Tsne::fill_kernel() {
  const auto n = static_cast<size_t>(n_);
  double sum = 0;
  for (size_t i = 0; i < n; ++i) {
    kernel_[i * n + i] = 0;
    for (size_t j = i + 1; j < n; ++j) {
      const double dx = y_[2 * i] - y_[2 * j], dy = y_[2 * i + 1] - y_[2 * j + 1];
      const double k = 1 / (1 + dx * dx + dy * dy);
      kernel_[i * n + j] = kernel_[j * n + i] = static_cast<float>(k);
      sum += 2 * k;
    }
  }
  return sum;
}

void Tsne::iterate() {
  const auto n = static_cast<size_t>(n_);
  const double sum = std::max(kTiny, fill_kernel());
  const bool early = iteration_ < kEarlyIterations;
  const double exaggeration = early ? kExaggeration : 1, momentum = early ? kEarlyMomentum : kMomentum;
  const double rate = std::max(50.0, static_cast<double>(n_) / kExaggeration);
  double mean_x = 0, mean_y = 0;
  std::vector<double> gradient(y_.size(), 0);
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < n; ++j) {
      const double k = kernel_[i * n + j], pull = 4 * (exaggeration * p_[i * n + j] - k / sum) * k;
      gradient[2 * i] += pull * (y_[2 * i] - y_[2 * j]);
      gradient[2 * i + 1] += pull * (y_[2 * i + 1] - y_[2 * j + 1]);
    }
  }
  for (size_t i = 0; i < y_.size(); ++i) {
    gain_[i] = std::max(kLeastGain, (gradient[i] > 0) != (velocity_[i] > 0) ? gain_[i] + 0.2 : gain_[i] * 0.8);
    velocity_[i] = momentum * velocity_[i] - rate * gain_[i] * gradient[i];
    y_[i] += velocity_[i];
    (i % 2 == 0 ? mean_x : mean_y) += y_[i] / static_cast<double>(n_);
  }
  for (size_t i = 0; i < y_.size(); ++i) y_[i] -= i % 2 == 0 ? mean_x : mean_y;
  ++iteration_;
}

double Tsne::divergence() const {
  const auto n = static_cast<size_t>(n_);
  double sum = 0, divergence = 0;
  for (const float k : kernel_) sum += k;
  for (size_t i = 0; i < n * n; ++i) {
    if (p_[i] > 0 && kernel_[i] > 0) divergence += p_[i] * std::log(static_cast<double>(p_[i]) * sum / kernel_[i]);
  }
  return divergence;
}

}  // namespace moescope
