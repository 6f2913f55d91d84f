// Resampled means, sorted.
#include "compute/eval/bootstrap.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "compute/core/rng.h"

namespace moescope {
namespace {

double mean_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// The value below which a share of the sorted ones lies, between neighbours by their distance (as numpy's default).
double quantile(const std::vector<double>& sorted, double share) {
  const double at = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(at);
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - std::floor(at)) * (sorted[above] - sorted[below]);
}

}  // namespace

MeanInterval bootstrap_mean(std::span<const double> values, double confidence, int64_t resamples) {
  const auto count = static_cast<int64_t>(values.size());
  if (count == 0) return {};
  const double mean = mean_of(values);
  if (count == 1 || !std::isfinite(mean)) return {count, mean, mean, mean};
  constexpr int64_t kMostWork = 40'000'000;
  resamples = std::clamp(kMostWork / count, int64_t{100}, resamples);
  Rng draw(0, RngPurpose::bootstrap);
  std::vector<double> means(static_cast<size_t>(resamples));
  for (double& resampled : means) {
    double sum = 0;
    for (int64_t i = 0; i < count; ++i) sum += values[static_cast<size_t>(draw.below(count))];
    resampled = sum / static_cast<double>(count);
  }
  std::sort(means.begin(), means.end());
  return {count, mean, quantile(means, (1 - confidence) / 2), quantile(means, (1 + confidence) / 2)};
}

}  // namespace moescope
