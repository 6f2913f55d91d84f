// Sorting, counting, and drawing again.
#include "compute/rl/score_statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "compute/core/rng.h"

namespace moescope::rl {
namespace {

constexpr int64_t kBetweenAsks = 64;

std::vector<double> together(const Scores& scores) {
  std::vector<double> all;
  for (const auto& task : scores) all.insert(all.end(), task.begin(), task.end());
  return all;
}

double mean_of(std::span<const double> values) {
  double sum = 0;
  for (double v : values) sum += v;
  return sum / static_cast<double>(values.size());
}

Scores drawn_again(const Scores& scores, Rng& rng) {
  Scores drawn = scores;
  for (size_t task = 0; task < scores.size(); ++task)
    for (double& score : drawn[task])
      score = scores[task][static_cast<size_t>(rng.below(static_cast<int64_t>(scores[task].size())))];
  return drawn;
}

/// Between the two values next to it, as NumPy's percentile has it.
double percentile(const std::vector<double>& sorted, double share) {
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto low = static_cast<size_t>(place);
  const size_t high = std::min(low + 1, sorted.size() - 1);
  return sorted[low] + (place - static_cast<double>(low)) * (sorted[high] - sorted[low]);
}

template <class Draw>
ScoreInterval interval_of(double value, const Bootstrap& bootstrap, Draw&& draw) {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> values;
  for (int64_t i = 0; i < bootstrap.resamples; ++i) {
    if (bootstrap.going && i % kBetweenAsks == 0 && !bootstrap.going()) return {value, kNone, kNone};
    Rng rng(bootstrap.seed, RngPurpose::bootstrap, static_cast<uint64_t>(i));
    values.push_back(draw(rng));
  }
  std::sort(values.begin(), values.end());
  const double tail = (1 - bootstrap.confidence) / 2;
  return {value, percentile(values, tail), percentile(values, 1 - tail)};
}

}  // namespace

double interquartile_mean(const Scores& scores) {
  std::vector<double> all = together(scores);
  std::sort(all.begin(), all.end());
  const size_t cut = all.size() / 4;
  return mean_of(std::span<const double>(all).subspan(cut, all.size() - 2 * cut));
}

double optimality_gap(const Scores& scores, double goal) {
  std::vector<double> all = together(scores);
  for (double& score : all) score = std::min(score, goal);
  return goal - mean_of(all);
}

std::vector<double> performance_profile(const Scores& scores, std::span<const double> taus) {
  const std::vector<double> all = together(scores);
  std::vector<double> shares;
  for (double tau : taus) {
    const auto above = std::count_if(all.begin(), all.end(), [&](double score) { return score > tau; });
    shares.push_back(static_cast<double>(above) / static_cast<double>(all.size()));
  }
  return shares;
}

double probability_of_improvement(const Scores& x, const Scores& y) {
  if (x.size() != y.size()) throw std::logic_error("probability_of_improvement: the arms have different tasks");
  double sum = 0;
  for (size_t task = 0; task < x.size(); ++task) {
    double wins = 0;
    for (double a : x[task])
      for (double b : y[task]) wins += a > b ? 1 : a == b ? 0.5 : 0;
    sum += wins / static_cast<double>(x[task].size() * y[task].size());
  }
  return sum / static_cast<double>(x.size());
}

ScoreInterval bootstrap_interval(const Scores& scores, const std::function<double(const Scores&)>& statistic,
                                 const Bootstrap& bootstrap) {
  return interval_of(statistic(scores), bootstrap, [&](Rng& rng) { return statistic(drawn_again(scores, rng)); });
}

ScoreInterval bootstrap_interval(const Scores& x, const Scores& y,
                                 const std::function<double(const Scores&, const Scores&)>& statistic,
                                 const Bootstrap& bootstrap) {
  return interval_of(statistic(x, y), bootstrap, [&](Rng& rng) {
    const Scores first = drawn_again(x, rng);
    return statistic(first, drawn_again(y, rng));
  });
}

}  // namespace moescope::rl
