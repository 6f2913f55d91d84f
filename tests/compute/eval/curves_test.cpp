// Curves of unequal length, and the front that nobody beats.
#include "compute/eval/curves.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace moescope {
namespace {

using testing::ElementsAre;

TEST(MeanCurve, MeansWhatReachesAStep) {
  const RunSeries curves[] = {{{1, 2, 3, 4}, {1, 2, 3, 4}}, {{2, 4, 6}, {0, 0, 8}}};
  const MeanCurve mean = mean_curve(curves);
  EXPECT_THAT(mean.x, ElementsAre(1, 2, 3, 4, 6));
  const auto check = [&](size_t i, int64_t count, double value) {
    EXPECT_EQ(mean.y[i].count, count) << i;
    EXPECT_DOUBLE_EQ(mean.y[i].mean, value) << i;
  };
  check(0, 1, 1);    // before the second begins
  check(1, 2, 1);    // (2 + 0) / 2
  check(2, 2, 1.5);  // the second is on its line from 0 to 0
  check(3, 2, 2);
  check(4, 1, 8);  // the first has ended
  EXPECT_EQ(mean.y[1].low, 0);
  EXPECT_EQ(mean.y[1].high, 2);
}

TEST(MeanCurve, ThinsLongCurvesAndKeepsTheirEnds) {
  RunSeries curve;
  for (int i = 0; i < 1000; ++i) {
    curve.x.push_back(i);
    curve.y.push_back(i);
  }
  const MeanCurve mean = mean_curve({&curve, 1}, 11);
  ASSERT_EQ(mean.x.size(), 11u);
  EXPECT_EQ(mean.x.front(), 0);
  EXPECT_EQ(mean.x.back(), 999);
  EXPECT_TRUE(mean_curve({}).x.empty());
}

TEST(Dominated, ByHand) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  //                       front  beaten  front  equal cost, worse  NaN  the first again
  const double costs[] = {1, 2, 3, 3, 1, 1};
  const double gains[] = {0.5, 0.4, 0.9, 0.8, nan, 0.5};
  EXPECT_THAT(dominated(costs, gains), ElementsAre(false, true, false, true, true, false));
}

}  // namespace
}  // namespace moescope
