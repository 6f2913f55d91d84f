// Draws by counter: repeatable, apart from one another, and of the promised distribution.
#include "compute/core/rng.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

namespace moescope {
namespace {

TEST(Rng, SameKeySameDraws) {
  Rng a(7, RngPurpose::test, 3, 1), b(7, RngPurpose::test, 3, 1);
  for (int i = 0; i < 100; ++i) ASSERT_EQ(a.bits(), b.bits());
}

TEST(Rng, EachPartOfTheKeyMatters) {
  const uint64_t base = Rng(7, RngPurpose::test, 3, 1).bits();
  EXPECT_NE(base, Rng(8, RngPurpose::test, 3, 1).bits());
  EXPECT_NE(base, Rng(7, RngPurpose::init, 3, 1).bits());
  EXPECT_NE(base, Rng(7, RngPurpose::test, 4, 1).bits());
  EXPECT_NE(base, Rng(7, RngPurpose::test, 3, 2).bits());
}

TEST(Rng, NormalHasItsMoments) {
  Rng rng(1, RngPurpose::test);
  const int n = 200'000;
  double sum = 0, squares = 0;
  for (int i = 0; i < n; ++i) {
    const double x = rng.normal();
    sum += x, squares += x * x;
  }
  EXPECT_NEAR(sum / n, 0, 5 / std::sqrt(n));            // five standard errors of a mean
  EXPECT_NEAR(squares / n, 1, 5 * std::sqrt(2.0 / n));  // and of a variance
}

TEST(Rng, TruncatedNormalIsCutAndKeepsItsDeviation) {
  Rng rng(1, RngPurpose::test);
  std::vector<float> x(200'000);
  rng.fill_truncated_normal(x.data(), static_cast<int64_t>(x.size()), 0.5f);
  double squares = 0;
  for (float v : x) squares += static_cast<double>(v) * v;
  EXPECT_LE(*std::max_element(x.begin(), x.end()), 2 * 0.5f / 0.8796f + 1e-5f);
  EXPECT_NEAR(std::sqrt(squares / static_cast<double>(x.size())), 0.5, 0.005);
}

TEST(Rng, PermutationHoldsEachNumberOnce) {
  std::vector<int32_t> order(1000), expected(1000);
  Rng(3, RngPurpose::test).permutation(order.data(), 1000);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_NE(order, expected);
  std::sort(order.begin(), order.end());
  EXPECT_EQ(order, expected);
}

TEST(Rng, BelowCoversItsRangeEvenly) {
  Rng rng(5, RngPurpose::test);
  std::vector<int> counts(7);
  for (int i = 0; i < 70'000; ++i) ++counts[rng.below(7)];
  for (int c : counts) EXPECT_NEAR(c, 10'000, 500);  // five deviations of a binomial(70000, 1/7)
}

}  // namespace
}  // namespace moescope
