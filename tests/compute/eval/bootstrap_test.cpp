// The interval of a mean: by hand where a hand can, against the normal distribution where it must agree with it.
#include "compute/eval/bootstrap.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "compute/core/rng.h"

namespace moescope {
namespace {

TEST(Bootstrap, FewValues) {
  EXPECT_EQ(bootstrap_mean({}).count, 0);
  const double one[] = {0.7};
  const MeanInterval single = bootstrap_mean(one);
  EXPECT_EQ(single.count, 1);
  EXPECT_EQ(single.low, 0.7);
  EXPECT_EQ(single.high, 0.7);
  // Two values: a resampled mean is 0 (1/4), 0.5 (1/2) or 1 (1/4), so the 95 % interval is all of it.
  const double two[] = {0, 1};
  const MeanInterval pair = bootstrap_mean(two);
  EXPECT_EQ(pair.mean, 0.5);
  EXPECT_EQ(pair.low, 0);
  EXPECT_EQ(pair.high, 1);
  EXPECT_EQ(bootstrap_mean(two, 0.4).low, 0.5);  // the middle 40 % are all 0.5
}

TEST(Bootstrap, ManyValuesAgreeWithTheNormalInterval) {
  std::vector<double> values(400);
  Rng draw(3, RngPurpose::test);
  double mean = 0, square = 0;
  for (double& value : values) value = 5 + draw.normal();
  for (const double value : values) mean += value / 400;
  for (const double value : values) square += (value - mean) * (value - mean) / 400;
  const double half = 1.96 * std::sqrt(square / 400);
  const MeanInterval interval = bootstrap_mean(values);
  EXPECT_NEAR(interval.mean, mean, 1e-12);
  // 10,000 resamples place a 2.5 % quantile within about 0.03 deviations of the mean; three times that here.
  EXPECT_NEAR(interval.low, mean - half, 0.05 * half);
  EXPECT_NEAR(interval.high, mean + half, 0.05 * half);
  EXPECT_EQ(bootstrap_mean(values).low, interval.low);  // the same answer every time
}

TEST(Bootstrap, ADivergedRunIsNotLeftOut) {
  const double values[] = {0.5, std::numeric_limits<double>::quiet_NaN()};
  EXPECT_TRUE(std::isnan(bootstrap_mean(values).mean));
  EXPECT_TRUE(std::isnan(bootstrap_mean(values).high));
}

}  // namespace
}  // namespace moescope
