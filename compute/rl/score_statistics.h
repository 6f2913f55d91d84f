// What a few runs on a few games say, with how sure they are: interquartile mean, optimality gap, performance profile
// and probability of improvement with stratified bootstrap intervals (Agarwal et al., arXiv:2108.13264; rliable 1.2).
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace moescope::rl {

/// (tasks)(runs): the scores of one arm. Tasks may have different numbers of runs.
using Scores = std::vector<std::vector<double>>;

/// Of all runs together, without the lowest and the highest quarter (each rounded down).
double interquartile_mean(const Scores& scores);
/// How far all runs together stay below `goal` on average: goal - mean(min(score, goal)).
double optimality_gap(const Scores& scores, double goal = 1);
/// For each tau the share of runs above it.
std::vector<double> performance_profile(const Scores& scores, std::span<const double> taus);
/// The chance that a run of x beats a run of y on a task, ties counting half; mean over the tasks. Throws
/// std::logic_error when the arms have different tasks.
double probability_of_improvement(const Scores& x, const Scores& y);

struct ScoreInterval {
  double value = 0, low = 0, high = 0;
};
struct Bootstrap {
  double confidence = 0.95;
  int64_t resamples = 2000;
  uint64_t seed = 0;
  std::function<bool()> going = {};  // asked now and then; false: leave. Empty: never asked
};

/// A statistic of the scores and the percentiles of it when each task's runs are drawn again with replacement. The
/// same draws every time. Cancelled: low and high are NaN.
ScoreInterval bootstrap_interval(const Scores& scores, const std::function<double(const Scores&)>& statistic,
                                 const Bootstrap& bootstrap = {});
/// The same for a statistic of two arms, drawn again independently.
ScoreInterval bootstrap_interval(const Scores& x, const Scores& y,
                                 const std::function<double(const Scores&, const Scores&)>& statistic,
                                 const Bootstrap& bootstrap = {});

}  // namespace moescope::rl
