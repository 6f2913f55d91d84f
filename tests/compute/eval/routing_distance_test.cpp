// Distances of routing by hand, and experts under other numbers found again.
#include "compute/eval/routing_distance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "compute/core/rng.h"
#include "compute/eval/assignment.h"
#include "compute/records/error.h"

namespace moescope {
namespace {

using testing::ElementsAre;

/// Top-1 on a grid of one row: the expert of each patch, -1 dropped.
RoutingMap top1(const std::vector<int32_t>& experts, int64_t num_experts, int64_t layer = 3) {
  RoutingMap map;
  map.router = RouterKind::tokens_choice;
  map.layer = layer;
  map.grid_height = 1;
  map.grid_width = map.num_tokens = static_cast<int64_t>(experts.size());
  map.num_experts = num_experts;
  map.k = 1;
  for (const int32_t expert : experts) {
    map.expert.push_back(std::max(expert, 0));
    map.weight.push_back(0.5f);
    map.drop.push_back(expert < 0 ? DropReason::expert_full : DropReason::none);
  }
  return map;
}

RoutingDistance distance(const RoutingMap& a, const RoutingMap& b) {
  RoutingComparison comparison;
  comparison.add(a, b);
  return comparison.result().at(0);
}

TEST(BestAssignment, ByHand) {
  EXPECT_THAT(best_assignment(std::vector<double>{1, 5, 9, 2}, 2), ElementsAre(1, 0));  // 5 + 9 against 1 + 2
  // The greatest of each row in turn (7, then 4, then 0) comes to 11; 6 + 8 + 3 is 17.
  EXPECT_THAT(best_assignment(std::vector<double>{7, 6, 0, 8, 4, 4, 5, 2, 3}, 3), ElementsAre(1, 0, 2));
  EXPECT_TRUE(best_assignment({}, 0).empty());
  EXPECT_THROW(best_assignment(std::vector<double>{1, 2, 3}, 2), std::invalid_argument);
}

TEST(BestAssignment, AgreesWithTryingEverything) {
  Rng draw(1, RngPurpose::test);
  for (int64_t trial = 0; trial < 50; ++trial) {
    const int64_t n = 1 + draw.below(6);
    std::vector<double> gain(static_cast<size_t>(n * n));
    for (double& value : gain) value = static_cast<double>(draw.below(20)) - 5;  // ties and negatives too
    const auto total = [&](const std::vector<int64_t>& columns) {
      double sum = 0;
      for (int64_t row = 0; row < n; ++row)
        sum += gain[static_cast<size_t>(row * n + columns[static_cast<size_t>(row)])];
      return sum;
    };
    std::vector<int64_t> columns(static_cast<size_t>(n));
    std::iota(columns.begin(), columns.end(), int64_t{0});
    double best = total(columns);
    while (std::next_permutation(columns.begin(), columns.end())) best = std::max(best, total(columns));
    EXPECT_EQ(total(best_assignment(gain, n)), best);
  }
}

TEST(JensenShannon, ByHand) {
  EXPECT_EQ(jensen_shannon_distance({1, 0}, {1, 0}), 0);
  EXPECT_EQ(jensen_shannon_distance({1, 0}, {0, 1}), 1);
  // mean (3/4, 1/4): (1/2) log2(4/3) + (1/2) ((1/2) log2(2/3) + (1/2) log2(2)) = 0.3113
  EXPECT_NEAR(jensen_shannon_distance({1, 0}, {0.5, 0.5}), std::sqrt(0.31127812445913283), 1e-12);
}

TEST(RoutingDistance, SharesOfSparseAndSoftRouting) {
  RoutingMap map = top1({1, -1}, 2);
  EXPECT_THAT(expert_shares(map), ElementsAre(0, 1, 0, 0, 0, 1));
  map.router = RouterKind::soft;
  map.slots_per_expert = 2;
  map.combine = {0.1f, 0.2f, 0.3f, 0.4f, 0.25f, 0.25f, 0.25f, 0.25f};
  const std::vector<double> soft = expert_shares(map);
  EXPECT_NEAR(soft[0], 0.3, 1e-7);  // float32 weights
  EXPECT_NEAR(soft[1], 0.7, 1e-7);
  EXPECT_EQ(soft[2], 0);
}

TEST(RoutingDistance, TheSameRoutingUnderOtherNumbersIsNoDifferenceOnceMatched) {
  const RoutingDistance d = distance(top1({0, 0, 1, 2}, 3), top1({2, 2, 0, 1}, 3));
  EXPECT_EQ(d.changed, 1);
  EXPECT_EQ(d.distance, 1);
  EXPECT_EQ(d.matched_changed, 0);
  EXPECT_EQ(d.matched_distance, 0);
  EXPECT_THAT(d.match, ElementsAre(2, 0, 1));
  EXPECT_THAT(d.flow, ElementsAre(0, 0, 2, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0));
}

TEST(RoutingDistance, CountsWhatReallyMovedAndWhatWasDropped) {
  // Of five patches the last two go elsewhere: one to another expert, one to nobody.
  const RoutingDistance d = distance(top1({0, 0, 1, 1, 1}, 2), top1({0, 0, 1, 0, -1}, 2));
  EXPECT_DOUBLE_EQ(d.changed, 0.4);
  EXPECT_DOUBLE_EQ(d.matched_changed, 0.4);
  EXPECT_DOUBLE_EQ(d.distance, 0.4);
  EXPECT_THAT(d.flow, ElementsAre(2, 0, 0, 1, 1, 1, 0, 0, 0));
}

TEST(RoutingDistance, TakesLayersAndImagesTogetherAndLeavesTheClassTokenOut) {
  RoutingMap with_class = top1({1, 0, 0}, 2);
  with_class.has_class_token = true;
  with_class.grid_width = 2;
  RoutingComparison comparison;
  comparison.add(top1({0, 0}, 2, 5), top1({0, 1}, 2, 5));
  comparison.add(with_class, with_class);
  comparison.add(top1({1, 1}, 4, 5), top1({1, 1}, 2, 5));
  const auto layers = comparison.result();
  ASSERT_EQ(layers.size(), 2u);
  EXPECT_EQ(layers[0].layer, 3);
  EXPECT_EQ(layers[0].num_patches, 2);
  EXPECT_EQ(layers[0].flow[0], 2);
  EXPECT_EQ(layers[1].num_images, 2);
  EXPECT_EQ(layers[1].num_experts, 4);
  EXPECT_DOUBLE_EQ(layers[1].changed, 0.25);
  EXPECT_FALSE(layers[0].aligned);
  EXPECT_THROW(comparison.add(top1({0, 0}, 2, 5), top1({0, 0}, 2, 3)), ConfigError);
}

TEST(RoutingDistance, GridsThatDifferAreComparedWhereTheyCoverTheSamePixels) {
  // Two patches beside three: the finer grid has three cells, and the middle one lies half in each of the two.
  const RoutingMap two = top1({0, 1}, 2), three = top1({0, 0, 1}, 2);
  EXPECT_THAT(cell_shares(two, 1, 3),
              ElementsAre(ElementsAre(1, 0, 0), ElementsAre(0.5, 0.5, 0), ElementsAre(0, 1, 0)));
  const RoutingDistance d = distance(two, three);
  EXPECT_TRUE(d.aligned);
  EXPECT_EQ(d.num_patches, 3);
  EXPECT_EQ(d.changed, 0);  // of (1/2, 1/2) the first is the main one
  EXPECT_NEAR(d.distance, std::sqrt(0.31127812445913283) / 3, 1e-12);
  EXPECT_THAT(main_experts(cell_shares(top1({1, -1}, 2), 1, 2)), ElementsAre(1, -1));
}

TEST(RoutingDistance, AMatchingFoundElsewhereIsTaken) {
  RoutingComparison wide, one;
  wide.add(top1({0, 0, 1, 1}, 2), top1({1, 1, 0, 0}, 2));
  one.add(top1({0, 1}, 2), top1({0, 1}, 2));
  const auto matched = wide.result();
  EXPECT_EQ(one.result().front().matched_changed, 0);
  EXPECT_EQ(one.result(matched).front().matched_changed, 1);
}

}  // namespace
}  // namespace moescope
