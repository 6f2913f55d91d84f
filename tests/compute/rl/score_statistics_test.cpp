// Statistics over runs: by hand, and beside rliable where it is installed.
#include "compute/rl/score_statistics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "compute/core/rng.h"
#include "support/peer_python.h"
#include "support/temp_folder.h"

namespace moescope::rl {
namespace {

double mean(const Scores& scores) {
  double sum = 0, count = 0;
  for (const auto& task : scores)
    for (const double score : task) sum += score, ++count;
  return sum / count;
}

TEST(ScoreStatistics, ByHand) {
  const Scores x = {{1, 9}, {3, 5}}, y = {{0, 9}, {5, 6}};
  EXPECT_DOUBLE_EQ(interquartile_mean(x), 4);            // of 1 3 5 9 the middle two
  EXPECT_DOUBLE_EQ(optimality_gap(x, 4), 4 - 12.0 / 4);  // 1 + 4 + 3 + 4
  EXPECT_THAT(performance_profile(x, std::vector<double>{0, 3, 9}), testing::ElementsAre(1, 0.5, 0));
  // Task 1: 1>0, 1<9, 9>0, 9=9: 2.5 of 4; task 2: 3<5, 3<6, 5=5, 5<6: 0.5 of 4.
  EXPECT_DOUBLE_EQ(probability_of_improvement(x, y), (2.5 / 4 + 0.5 / 4) / 2);
}

TEST(ScoreStatistics, TakesTasksOfUnequalLength) {
  const Scores x = {{1, 2, 3}, {4}};
  EXPECT_DOUBLE_EQ(interquartile_mean(x), 2.5);
  const ScoreInterval interval = bootstrap_interval(x, mean);
  EXPECT_DOUBLE_EQ(interval.value, 2.5);
  EXPECT_LE(interval.low, 2.5);
  EXPECT_GE(interval.low, 1.75);  // the least: 1, 1, 1 and the only 4
}

TEST(ScoreStatistics, CanBeCancelled) {
  int asked = 0;
  Bootstrap bootstrap;
  bootstrap.going = [&] { return ++asked < 3; };
  const ScoreInterval interval = bootstrap_interval({{1, 2, 3}}, mean, bootstrap);
  EXPECT_EQ(asked, 3);
  EXPECT_TRUE(std::isnan(interval.low));
  EXPECT_DOUBLE_EQ(interval.value, 2);
}

std::string list_of(const Scores& scores) {
  std::ostringstream text;
  text.precision(17);
  text << "np.array([";
  for (const auto& task : scores) {
    text << "[";
    for (double score : task) text << score << ",";
    text << "],";
  }
  text << "]).T";  // rliable has (runs, tasks)
  return text.str();
}

TEST(ScoreStatistics, AgreeWithRliable) {
  const std::string python = python_with("rliable.metrics");
  if (python.empty())
    GTEST_SKIP() << "no Python here has the package rliable; ./test installs it when PyPI can be reached";
  Rng rng(4, RngPurpose::test);
  Scores x(3, std::vector<double>(10)), y = x;
  for (auto* scores : {&x, &y})
    for (auto& task : *scores)
      for (double& score : task) score = rng.normal() + (scores == &x ? 0.8 : 0.5);
  const TempFolder folder;
  const Printed printed = run_python(python, folder / "compare.py", R"(
import importlib.util, sys, types
# rliable needs a part of arch that works, and arch's door opens parts that do not go with a new pandas.
arch = types.ModuleType('arch')
arch.__path__ = list(importlib.util.find_spec('arch').submodule_search_locations)
sys.modules['arch'] = arch
import numpy as np
from rliable import library, metrics
x, y = )" + list_of(x) + ", " + list_of(y) + R"(
print(metrics.aggregate_iqm(x), metrics.aggregate_optimality_gap(x), metrics.probability_of_improvement(x, y))
print(*[library.run_score_deviation(x, tau) for tau in (0.0, 0.5, 1.0)])
np.random.seed(0)
_, interval = library.get_interval_estimates({'x': x}, metrics.aggregate_iqm, reps=2000)
print(*interval['x'].ravel())
)");
  ASSERT_EQ(printed.status, 0) << printed.text;
  std::istringstream in(printed.text);
  double iqm, gap, better, profile[3], low, high;
  in >> iqm >> gap >> better >> profile[0] >> profile[1] >> profile[2] >> low >> high;
  ASSERT_TRUE(in) << printed.text;
  EXPECT_NEAR(interquartile_mean(x), iqm, 1e-12);
  EXPECT_NEAR(optimality_gap(x), gap, 1e-12);
  EXPECT_NEAR(probability_of_improvement(x, y), better, 1e-12);
  const std::vector<double> ours = performance_profile(x, std::vector<double>{0, 0.5, 1});
  for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(ours[i], profile[i], 1e-12);
  // Two bootstraps of 2000 draws each: their percentiles differ by some 0.02 for a deviation of 0.2 of the statistic.
  const ScoreInterval interval = bootstrap_interval(x, interquartile_mean);
  EXPECT_NEAR(interval.low, low, 0.06);
  EXPECT_NEAR(interval.high, high, 0.06);
}

}  // namespace
}  // namespace moescope::rl
