// Reading routing maps.
#include "widgets/panels/routing_view.h"

#include <gtest/gtest.h>

#include <cmath>

#include "support/ui_demo.h"
#include "widgets/panels/patch_detail.h"
#include "widgets/panels/routing_picture.h"
#include "widgets/panels/soft_picture.h"
#include "widgets/panels/study.h"

namespace moescope::panels {
namespace {

/// Two patches and a class token, top-2 of three experts with one slot each:
///   class token: E0 .6 executed, E1 .3 executed
///   patch 0:     E0 .5 full (place 1 of 1), E2 .4 executed
///   patch 1:     E1 .7 full, E2 .2 off
RoutingMap small_map() {
  RoutingMap map;
  map.router = RouterKind::tokens_choice;
  map.layer = 3, map.grid_height = 1, map.grid_width = 2, map.has_class_token = true;
  map.num_tokens = 3, map.num_experts = 3, map.k = 2, map.capacity = 1, map.actual_capacity_factor = 0.5;
  map.expert = {0, 1, 0, 2, 1, 2};
  map.weight = {.6f, .3f, .5f, .4f, .7f, .2f};
  map.place = {0, 0, 1, 0, 1, -1};
  using enum DropReason;
  map.drop = {none, none, expert_full, none, expert_full, expert_off};
  map.expert_off = {0, 0, 0};
  return map;
}

TEST(RoutingView, ExecutedIsTheFirstChoiceThatFoundASlot) {
  const RoutingMap map = small_map();
  EXPECT_EQ(executed_choice(map, 0).expert, 0);
  EXPECT_EQ(executed_choice(map, 1).expert, 2);
  EXPECT_EQ(executed_choice(map, 2).expert, -1);
  EXPECT_EQ(count_dropped(map), 1);
  EXPECT_TRUE(goes_to(map, 1, 2));
  EXPECT_FALSE(goes_to(map, 1, 0));  // wanted, not executed
}

TEST(RoutingView, PatchesAreTokensAfterTheClassToken) {
  const RoutingMap map = small_map();
  EXPECT_EQ(token_of_patch(map, 0), 1);
  EXPECT_EQ(patch_of_token(map, 0), -1);
  EXPECT_EQ(num_patches(map), 2);
}

TEST(RoutingView, TheLoadOfOneImageIsCountedFromItsMap) {
  RoutingMap map = small_map();
  map.gates = {.6f, .3f, .1f, .5f, .1f, .4f, .1f, .7f, .2f};
  const ExpertLoad load = load_of(map);
  // Three pairs of six were executed, one for each expert: all have the fair share of the work done.
  EXPECT_EQ(load.load, (std::vector<float>{1, 1, 1}));
  EXPECT_EQ(load.load_cv, 0);
  EXPECT_DOUBLE_EQ(load.dropped_choices, 0.5);
  EXPECT_DOUBLE_EQ(load.dropped, 1.0 / 3);
  EXPECT_DOUBLE_EQ(load.capacity_use, 1);
  EXPECT_NEAR(load.importance[0], 1.2f, 1e-6f);  // gates .6 + .5 + .1 of three tokens, times three experts
  EXPECT_DOUBLE_EQ(load.entropy_max, std::log(3.0));
  EXPECT_GT(load.entropy, 0.8);  // of the first token alone .898 nats
  EXPECT_EQ(load.layer, 3);
}

TEST(RoutingView, SlotsAreTheConfiguredOnesOrThoseOfTheLayers) {
  Snapshot snapshot = demo::snapshot(RouterKind::soft, 5);
  snapshot.config.router.slots_per_expert = 4;
  EXPECT_EQ(slots_per_expert(snapshot), 4);
  snapshot.config.router.slots_per_expert = 0;  // the capacity factor decides
  for (ExpertLoad& load : snapshot.layers) load.capacity = 6;
  EXPECT_EQ(slots_per_expert(snapshot), 6);
  Seen seen;
  seen.snapshot = &snapshot;
  const ReportRequest request = Study().question_of(Page::compute, seen, Selection{});
  const auto& curve = std::get<AskCurve>(request.question);
  EXPECT_EQ(curve.positions, (std::vector<double>{1, 2, 3, 4, 5, 6}));
  for (ExpertLoad& load : snapshot.layers) load.capacity = 100;
  const ReportRequest many = Study().question_of(Page::compute, seen, Selection{});
  EXPECT_EQ(std::get<AskCurve>(many.question).positions.size(), 12u);
  EXPECT_EQ(std::get<AskCurve>(many.question).positions.back(), 100);
}

TEST(RoutingView, FatesAreSaidInWords) {
  const RoutingMap map = small_map();
  EXPECT_EQ(fate(map, choices(map, 0)[0]), "place 1 of 1");
  EXPECT_EQ(fate(map, choices(map, 2)[0]), "E1 is full, this was place 2 of 1");
  EXPECT_EQ(fate(map, choices(map, 2)[1]), "E2 is off");
  EXPECT_EQ(describe_map(map), "V-MoE top-2   capacity 0.50   3 tokens, 1 dropped");
}

TEST(RoutingView, ExpertsChoiceMayLeaveATokenAlone) {
  RoutingMap map = small_map();
  map.router = RouterKind::experts_choice;
  map.expert = {0, -1, -1, -1, 1, -1};
  map.drop.assign(6, DropReason::none);
  EXPECT_EQ(choices(map, 0).size(), 1u);
  EXPECT_EQ(executed_choice(map, 1).expert, -1);
  EXPECT_EQ(count_dropped(map), 1);
}

TEST(RoutingView, SoftWeightsAreTimesUniform) {
  // Two tokens, one expert with two slots: uniform dispatch is 1/2, uniform combine is 1/2.
  RoutingMap map;
  map.router = RouterKind::soft;
  map.grid_height = 1, map.grid_width = 2, map.num_tokens = 2, map.num_experts = 1, map.slots_per_expert = 2;
  map.dispatch = {.9f, .5f, .1f, .5f};   // columns sum to 1
  map.combine = {.25f, .75f, .5f, .5f};  // rows sum to 1
  EXPECT_FLOAT_EQ(dispatch_times(map, 0, 0), 1.8f);
  EXPECT_FLOAT_EQ(dispatch_times(map, 1, 1), 1.0f);
  EXPECT_FLOAT_EQ(combine_times(map, 0, 1), 1.5f);
  const SoftRange range = soft_range(map);
  EXPECT_FLOAT_EQ(range.dispatch_max, 1.8f);
  EXPECT_FLOAT_EQ(range.combine_max, 1.5f);
  EXPECT_FLOAT_EQ(range.min, 0.2f);
  EXPECT_EQ(sharpest_slot(map), 0);
  EXPECT_EQ(top_slots(map, 0, true, 1)[0].first, 1);
}

TEST(RoutingView, AFlatMapIsDrawnInTheMiddleOfTheScale) {
  EXPECT_EQ(scale_top(1.0f), 2);
  EXPECT_EQ(scale_top(1.99f), 2);
  EXPECT_EQ(scale_top(2.01f), 3);
  EXPECT_EQ(scale_top(14), 20);
  EXPECT_EQ(scale_top(450), 500);
}

TEST(RoutingView, HoveringAnExpertShowsItsSharpestSlot) {
  const RunConfig config = demo::config(RouterKind::soft);
  const RoutingMap map = demo::soft_map(config, demo::image(3, 28), 4, 1, 6, std::vector<uint8_t>(16));
  Selection selection;
  EXPECT_EQ(SoftPicture::shown_slot(map, selection), sharpest_slot(map));
  selection.hovered.expert = 5;
  EXPECT_EQ(expert_of_slot(map, SoftPicture::shown_slot(map, selection)), 5);
  selection.hovered.slot = 2;
  EXPECT_EQ(SoftPicture::shown_slot(map, selection), 2);
  selection.hovered = {};
  selection.pinned.slot = 40;
  EXPECT_EQ(SoftPicture::shown_slot(map, selection), 40);
}

TEST(PatchDetail, CounterfactualBarsStandBesideTheFactualOnes) {
  const Snapshot s = demo::snapshot(RouterKind::tokens_choice, 100);
  ImageView off = s.images[0];
  off.probabilities[2] = 0.5f;
  const std::vector<float>& factual = s.images[0].probabilities;
  const std::vector<plots::Bar> bars = PatchDetail::prediction(s, off, &factual, 3);
  ASSERT_EQ(bars.size(), 3u);
  EXPECT_EQ(bars[0].name, "Pullover");
  EXPECT_FLOAT_EQ(static_cast<float>(bars[0].value), 0.83f);
  EXPECT_FLOAT_EQ(static_cast<float>(bars[0].other), 0.5f);
  EXPECT_TRUE(bars[0].is_truth);
}

}  // namespace
}  // namespace moescope::panels
