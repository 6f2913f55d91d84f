// Interpolation, means, dominance.
#include "compute/eval/curves.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

namespace moescope {
namespace {

std::optional<double> value_at(const RunSeries& curve, double x) {
  const auto after = std::lower_bound(curve.x.begin(), curve.x.end(), x);
  if (after == curve.x.end()) return std::nullopt;
  const auto i = static_cast<size_t>(after - curve.x.begin());
  if (*after == x) return curve.y[i];
  if (i == 0) return std::nullopt;
  const double share = (x - curve.x[i - 1]) / (curve.x[i] - curve.x[i - 1]);
  return curve.y[i - 1] + share * (curve.y[i] - curve.y[i - 1]);
}

std::vector<double> places(std::span<const RunSeries> curves, size_t max_points) {
  std::vector<double> all;
  for (const RunSeries& curve : curves) all.insert(all.end(), curve.x.begin(), curve.x.end());
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  if (all.size() <= max_points) return all;
  std::vector<double> some;  // evenly over their order, both ends kept
  for (size_t i = 0; i < max_points; ++i) some.push_back(all[i * (all.size() - 1) / (max_points - 1)]);
  return some;
}

}  // namespace

MeanCurve mean_curve(std::span<const RunSeries> curves, size_t max_points) {
  MeanCurve mean;
  for (const double x : places(curves, max_points)) {
    std::vector<double> values;
    for (const RunSeries& curve : curves) {
      if (const auto value = value_at(curve, x)) values.push_back(*value);
    }
    if (values.empty()) continue;
    mean.x.push_back(x);
    mean.y.push_back(bootstrap_mean(values, 0.95, 2000));
  }
  return mean;
}

std::vector<bool> dominated(std::span<const double> costs, std::span<const double> gains) {
  // By cost, and by gain among equals: a point is beaten when an earlier one gains as much.
  std::vector<size_t> order(costs.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::erase_if(order, [&](size_t i) { return std::isnan(costs[i]) || std::isnan(gains[i]); });
  std::sort(order.begin(), order.end(),
            [&](size_t a, size_t b) { return costs[a] != costs[b] ? costs[a] < costs[b] : gains[a] > gains[b]; });
  std::vector<bool> beaten(costs.size(), true);
  const size_t* best = nullptr;
  for (const size_t& i : order) {
    const bool equal = best != nullptr && costs[i] == costs[*best] && gains[i] == gains[*best];
    if (best != nullptr && gains[i] <= gains[*best] && !equal) continue;
    beaten[i] = false;
    best = &i;
  }
  return beaten;
}

}  // namespace moescope
