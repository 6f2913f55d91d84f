// When an inequality holds, fails, or is not settled.
#include "findings/verdict.h"

#include <gtest/gtest.h>

#include <cmath>

namespace moescope {
namespace {

TEST(Verdict, TheWholeIntervalMustLieOnOneSide) {
  // The bootstrap's means of three values lie between the least and the greatest of them.
  const std::vector<double> above{5.1, 5.2, 5.3}, across{4.8, 5.2, 5.3}, below{4.1, 4.2, 4.3};
  EXPECT_EQ(at_least("", above, 5).verdict, Verdict::reproduced);
  EXPECT_EQ(at_least("", across, 5).verdict, Verdict::not_settled);
  EXPECT_EQ(at_least("", below, 5).verdict, Verdict::not_reproduced);
  EXPECT_EQ(at_most("", above, 5).verdict, Verdict::not_reproduced);
  EXPECT_EQ(at_most("", across, 5).verdict, Verdict::not_settled);
  EXPECT_EQ(at_most("", below, 5).verdict, Verdict::reproduced);
  EXPECT_EQ(at_least("", above, 5).found, "5.20 [5.10, 5.30]");
}

TEST(Verdict, FewSeedsSettleNothingAndANanFails) {
  const std::vector<double> two{9, 9.1}, none, diverged{9, std::nan(""), 9};
  EXPECT_EQ(at_least("", two, 5).verdict, Verdict::not_settled);
  EXPECT_EQ(at_least("", none, 5).verdict, Verdict::not_settled);
  EXPECT_EQ(at_least("", none, 5).found, "not measured");
  EXPECT_EQ(at_least("", diverged, 5).verdict, Verdict::not_reproduced);
}

TEST(Verdict, OneFailureDecides) {
  const Check holds{"", "", Verdict::reproduced}, open{"", "", Verdict::not_settled},
      fails{"", "", Verdict::not_reproduced};
  EXPECT_EQ(overall({holds, holds}), Verdict::reproduced);
  EXPECT_EQ(overall({holds, open}), Verdict::not_settled);
  EXPECT_EQ(overall({holds, open, fails}), Verdict::not_reproduced);
  EXPECT_EQ(overall({}), Verdict::not_settled);
}

TEST(Spearman, FollowsOrderAndSharesRanks) {
  const std::vector<double> x{1, 2, 3, 4}, grows{1, 4, 9, 16}, falls{4, 3, 2, 1}, ties{1, 2, 2, 3}, flat{5, 5, 5, 5};
  EXPECT_DOUBLE_EQ(spearman(x, grows), 1);
  EXPECT_DOUBLE_EQ(spearman(x, falls), -1);
  // ranks 1, 2.5, 2.5, 4: products with -1.5..1.5 sum to 4.5, squares to 4.5 and 5
  EXPECT_NEAR(spearman(x, ties), 4.5 / std::sqrt(22.5), 1e-12);
  EXPECT_EQ(spearman(x, flat), 0);
}

}  // namespace
}  // namespace moescope
