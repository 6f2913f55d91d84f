// What panels and metrics are told about a routing.
#include "compute/moe/observe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "compute/core/error.h"
#include "compute/moe/experts_choice.h"
#include "compute/moe/tokens_choice.h"
#include "support/moe_fixture.h"
#include "support/routing_of.h"

namespace moescope {
namespace {

using testing::ElementsAre;
using testing::FloatEq;

TEST(RoutingMap, ListsWantedChoicesWithTheReasonOfEachDrop) {
  // expert 0 is full after token 0; expert 1 is off
  const Buffer gates = tensor_of({3, 2}, {0.9f, 0.1f, 0.8f, 0.2f, 0.3f, 0.7f});
  const uint8_t off[] = {0, 1};
  Arena arena;
  Routing r = routing_of(RouterKind::tokens_choice, gates, 3, 1, 1);
  r.expert_off = off;
  choose_by_tokens(r, false, arena);
  const RoutingMap map = routing_map(r, 0, 3);
  EXPECT_THAT(map.expert, ElementsAre(0, 0, 1));
  EXPECT_THAT(map.place, ElementsAre(0, 1, 0));
  EXPECT_THAT(map.weight, ElementsAre(0.9f, 0.8f, 0.7f));
  EXPECT_THAT(map.drop, ElementsAre(DropReason::none, DropReason::expert_full, DropReason::expert_off));
  EXPECT_THAT(map.expert_off, ElementsAre(0, 1));
  EXPECT_EQ(map.capacity, 1);
}

TEST(RoutingMap, TakesOneImageOutOfAGroup) {
  const Buffer gates = tensor_of({4, 2}, {0.9f, 0.1f, 0.8f, 0.2f, 0.7f, 0.3f, 0.4f, 0.6f});
  Arena arena;
  Routing r = routing_of(RouterKind::tokens_choice, gates, 4, 1, 2);
  choose_by_tokens(r, false, arena);
  const RoutingMap map = routing_map(r, 2, 2);  // the group's second image
  EXPECT_EQ(map.num_tokens, 2);
  EXPECT_THAT(map.expert, ElementsAre(0, 1));
  EXPECT_THAT(map.place, ElementsAre(2, 0));  // expert 0 had two tokens of the first image before
  EXPECT_THAT(map.drop, ElementsAre(DropReason::expert_full, DropReason::none));
  EXPECT_THROW(routing_map(r, 3, 2), ShapeError);
}

TEST(RoutingMap, ExpertsChoiceListsWhoTookEachToken) {
  // expert 0 takes tokens 2 and 0, expert 1 takes 1 and 0; token 3 is taken by nobody
  const Buffer gates = tensor_of({4, 2}, {0.4f, 0.6f, 0.3f, 0.7f, 0.9f, 0.1f, 0.35f, 0.5f});
  Arena arena;
  Routing r = routing_of(RouterKind::experts_choice, gates, 4, 0, 2);
  choose_by_experts(r, arena);
  const RoutingMap map = routing_map(r, 0, 4);
  EXPECT_EQ(map.k, 2);
  EXPECT_THAT(map.expert, ElementsAre(1, 0, 1, -1, 0, -1, -1, -1));  // token 0: best gate first
  EXPECT_THAT(map.place, ElementsAre(1, 1, 0, -1, 0, -1, -1, -1));
}

TEST(RoutingMap, ExpertsChoiceFindsAnImageInALaterGroup) {
  // one expert with one place in each group of two tokens: it takes token 1 of the first and token 0 of the second
  const Buffer gates = tensor_of({4, 1}, {0.2f, 0.5f, 0.4f, 0.3f});
  Arena arena;
  Routing r = routing_of(RouterKind::experts_choice, gates, 2, 0, 1);
  choose_by_experts(r, arena);
  const RoutingMap map = routing_map(r, 2, 2);
  EXPECT_THAT(map.expert, ElementsAre(0, -1));
  EXPECT_THAT(map.weight, ElementsAre(0.4f, 0));
}

TEST(RoutingMap, SoftMapsAreTheImagesRows) {
  MoeCase c(RouterKind::soft);
  c.shape.layer = 5;
  c.shape.scale_init = 3;
  MoeFixture f(c);
  f.value("scale").f32()[0] = 3;
  f.loss();
  const RoutingMap map = routing_map(f.context.routing, 6, 6);  // the second group
  EXPECT_EQ(map.layer, 5);
  EXPECT_EQ(map.slots_per_expert, 2);
  EXPECT_FLOAT_EQ(map.scale, 3);
  ASSERT_EQ(map.dispatch.size(), 48u);
  EXPECT_EQ(map.dispatch[0], f.context.routing.dispatch.f32()[48]);
  EXPECT_EQ(map.combine[47], f.context.routing.combine.f32()[95]);
}

TEST(ExpertLoad, CountsWorkDropsAndPlaces) {
  // four tokens, two experts with one place each: token 0 and token 3 are executed
  const Buffer gates = tensor_of({4, 2}, {0.9f, 0.1f, 0.8f, 0.2f, 0.7f, 0.3f, 0.4f, 0.6f});
  Arena arena;
  Routing r = routing_of(RouterKind::tokens_choice, gates, 4, 1, 1);
  choose_by_tokens(r, false, arena);
  r.importance_loss = 0.5;
  const ExpertLoad load = expert_load(r);
  EXPECT_EQ(load.num_tokens, 4);
  EXPECT_THAT(load.load, ElementsAre(1, 1));
  EXPECT_THAT(load.importance, ElementsAre(FloatEq(1.4f), FloatEq(0.6f)));  // gates sum to 2.8 and 1.2, fair is 2
  EXPECT_DOUBLE_EQ(load.dropped, 0.5);
  EXPECT_DOUBLE_EQ(load.dropped_choices, 0.5);
  EXPECT_DOUBLE_EQ(load.capacity_use, 1);
  EXPECT_DOUBLE_EQ(load.load_cv, 0);
  EXPECT_DOUBLE_EQ(load.entropy_max, std::log(2.0));
  double entropy = 0;
  for (double p : {0.9, 0.1, 0.8, 0.2, 0.7, 0.3, 0.4, 0.6}) entropy -= p * std::log(p) / 4;
  EXPECT_NEAR(load.entropy, entropy, 1e-6);
  EXPECT_DOUBLE_EQ(load.importance_loss, 0.5);
}

TEST(ExpertLoad, ADeadExpertShowsAsZero) {
  const Buffer gates = tensor_of({3, 3}, {0.9f, 0.1f, 0, 0.8f, 0.2f, 0, 0.1f, 0.9f, 0});
  Arena arena;
  Routing r = routing_of(RouterKind::tokens_choice, gates, 3, 1, 4);
  choose_by_tokens(r, false, arena);
  const ExpertLoad load = expert_load(r);
  EXPECT_THAT(load.load, ElementsAre(2, 1, 0));  // 2, 1 and 0 tokens of a fair 1
  EXPECT_NEAR(load.load_cv, std::sqrt(2.0 / 3), 1e-6);
  EXPECT_DOUBLE_EQ(load.capacity_use, 0.25);  // 3 of 12 places
  EXPECT_DOUBLE_EQ(load.dropped, 0);
}

TEST(ExpertLoad, SoftFiguresNameTheUniformOnes) {
  MoeCase c(RouterKind::soft);
  MoeFixture f(c);
  f.value("scale").f32()[0] = 0;  // all logits 0: both softmaxes uniform
  f.loss();
  const ExpertLoad load = expert_load(f.context.routing);
  EXPECT_NEAR(load.dispatch_max, 1.0 / 6, 1e-6);
  EXPECT_NEAR(load.combine_max, 1.0 / 8, 1e-6);
  EXPECT_DOUBLE_EQ(load.uniform_dispatch, 1.0 / 6);
  EXPECT_DOUBLE_EQ(load.uniform_combine, 1.0 / 8);
  EXPECT_NEAR(load.entropy, std::log(4.0), 1e-6);
  for (float one : load.load) EXPECT_NEAR(one, 1, 1e-5);
}

TEST(ExpertLoad, MicroBatchesAddUpToTheBatch) {
  for (const RouterKind kind : {RouterKind::soft, RouterKind::tokens_choice, RouterKind::experts_choice}) {
    MoeCase c(kind);
    c.tokens = 24;
    c.knobs.importance_weight = 1;
    MoeFixture f(c);
    f.loss();
    const ExpertLoad whole = expert_load(f.context.routing);
    ExpertLoadAccumulator parts;
    for (const auto& [first, last] : {std::pair<int64_t, int64_t>{0, 6}, {6, 24}}) {
      f.layer.forward(f.x.tensor().rows(first, last), 6, f.pass, f.y.tensor().rows(first, last), f.context);
      parts.add(f.context.routing);
    }
    ExpertLoad sum;
    parts.result(sum);
    EXPECT_EQ(sum.num_tokens, whole.num_tokens);
    EXPECT_DOUBLE_EQ(sum.dropped, whole.dropped);
    EXPECT_NEAR(sum.entropy, whole.entropy, 1e-6);
    EXPECT_NEAR(sum.importance_loss, whole.importance_loss, 1e-6);
    EXPECT_NEAR(sum.dispatch_max, whole.dispatch_max, 1e-6);
    for (size_t e = 0; e < sum.load.size(); ++e) EXPECT_NEAR(sum.load[e], whole.load[e], 1e-5);
    parts.reset();
    parts.add(f.context.routing);
    parts.result(sum);
    EXPECT_EQ(sum.num_tokens, 18);
  }
}

}  // namespace
}  // namespace moescope
