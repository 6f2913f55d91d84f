// Purity and mutual information by hand.
#include "compute/eval/routing_purity.h"

#include <gtest/gtest.h>

#include <cmath>

namespace moescope {
namespace {

TEST(Purity, ExpertsThatFollowTheLabelArePure) {
  // two experts, two labels, each expert one label: knowing the expert tells all, ln 2
  const RoutingPurity p = purity_of({3, 0, 0, 3}, 2);
  EXPECT_EQ(p.num_patches, 6);
  EXPECT_DOUBLE_EQ(p.purity, 1);
  EXPECT_DOUBLE_EQ(p.chance, 0.5);
  EXPECT_NEAR(p.mutual_information, std::log(2), 1e-12);
  EXPECT_NEAR(p.label_entropy, std::log(2), 1e-12);
}

TEST(Purity, ExpertsThatIgnoreTheLabelTellNothing) {
  const RoutingPurity p = purity_of({2, 4, 1, 2}, 2);  // one to two for both experts
  EXPECT_DOUBLE_EQ(p.purity, 6.0 / 9);
  EXPECT_DOUBLE_EQ(p.chance, 6.0 / 9);
  EXPECT_NEAR(p.mutual_information, 0, 1e-12);
}

TEST(Purity, AnEmptyTableIsNotDividedBy) {
  const RoutingPurity p = purity_of({0, 0}, 1);
  EXPECT_EQ(p.num_patches, 0);
  EXPECT_EQ(p.purity, 0);
}

}  // namespace
}  // namespace moescope
