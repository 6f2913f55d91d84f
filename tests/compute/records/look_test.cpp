// Whose a patch is, what changed between two views, and the way of a patch.
#include "compute/records/look.h"

#include <gtest/gtest.h>

#include <cmath>

namespace moescope {
namespace {

/// Two tokens, two choices each, three experts.
RoutingMap sparse() {
  RoutingMap map;
  map.router = RouterKind::tokens_choice;
  map.layer = 3, map.grid_height = 1, map.grid_width = 2;
  map.num_tokens = 2, map.num_experts = 3, map.k = 2;
  map.expert = {0, 1, /**/ 2, 0};
  map.weight = {0.6f, 0.3f, /**/ 0.5f, 0.4f};
  map.place = {0, 0, /**/ 0, 1};
  map.drop.assign(4, DropReason::none);
  map.expert_off.assign(3, 0);
  return map;
}

ImageView view_of(RoutingMap map, std::vector<float> probabilities) {
  ImageView view;
  view.routing = {std::move(map)};
  view.probabilities = std::move(probabilities);
  return view;
}

TEST(MainExpert, IsTheFirstChoiceThatWasExecuted) {
  RoutingMap map = sparse();
  EXPECT_EQ(main_expert(map, 0), 0);
  map.drop[0] = DropReason::expert_full;
  EXPECT_EQ(main_expert(map, 0), 1);
  map.drop[1] = DropReason::expert_off;
  EXPECT_EQ(main_expert(map, 0), -1);
  map.has_class_token = true;  // token 0: patch 0 is token 1
  EXPECT_EQ(main_expert_of_patch(map, 0), 2);
}

TEST(MainExpert, OfASoftTokenHasTheLargestShareOfThoseThatAreOn) {
  RoutingMap map;
  map.router = RouterKind::soft;
  map.num_tokens = 1, map.num_experts = 2, map.slots_per_expert = 2;
  map.combine = {0.4f, 0.05f, /**/ 0.3f, 0.25f};  // 0.45 against 0.55
  map.expert_off = {0, 0};
  EXPECT_EQ(main_expert(map, 0), 1);
  map.expert_off = {0, 1};
  EXPECT_EQ(main_expert(map, 0), 0);
  map.expert_off = {1, 1};
  EXPECT_EQ(main_expert(map, 0), -1);
}

TEST(Compared, ListsThePatchesThatMovedAndTheChangeOfTheAnswer) {
  RoutingMap after = sparse();
  after.drop[2] = DropReason::expert_off;  // token 1 goes on to its second choice
  const ImageLook look = compared(view_of(sparse(), {0.7f, 0.2f, 0.1f}), view_of(after, {0.3f, 0.5f, 0.2f}));
  ASSERT_EQ(look.layers.size(), 1u);
  EXPECT_EQ(look.layers[0].layer, 3);
  ASSERT_EQ(look.layers[0].patches.size(), 1u);
  EXPECT_EQ(look.layers[0].patches[0].patch, 1);
  EXPECT_EQ(look.layers[0].patches[0].before, 2);
  EXPECT_EQ(look.layers[0].patches[0].after, 0);
  EXPECT_EQ(look.predicted_before, 0);
  EXPECT_EQ(look.predicted_after, 1);
  EXPECT_NEAR(look.probability_change, -0.4, 1e-6);  // floats
  EXPECT_NEAR(look.margin_before, std::log(0.7 / 0.2), 1e-6);
  EXPECT_NEAR(look.margin_after, std::log(0.3 / 0.5), 1e-6);
}

TEST(Path, SaysWhyAPatchWasLeftOut) {
  RoutingMap map = sparse();
  map.drop[0] = DropReason::expert_full, map.drop[1] = DropReason::expert_full;
  const ImageView view = view_of(map, {1});
  const auto left_out = path_of_patch(view, 0), taken = path_of_patch(view, 1);
  ASSERT_EQ(left_out.size(), 1u);
  EXPECT_EQ(left_out[0].expert, -1);
  EXPECT_EQ(left_out[0].drop, DropReason::expert_full);
  EXPECT_EQ(taken[0].expert, 2);
  EXPECT_EQ(taken[0].weight, 0.5f);
}

}  // namespace
}  // namespace moescope
