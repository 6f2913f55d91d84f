// A map rerouted under other knobs is the map that the layer itself makes under them.
#include "compute/moe/reroute.h"

#include <gtest/gtest.h>

#include "compute/moe/observe.h"
#include "support/moe_fixture.h"

namespace moescope {
namespace {

struct Routed {
  explicit Routed(RouterKind kind) : one(kind), fixture(sized(one)) {
    fixture.pass.training = fixture.pass.backward = false;
    fixture.pass.image_tokens = 12;
  }
  static const MoeCase& sized(MoeCase& c) {
    c.tokens = c.group_tokens = 12;
    return c;
  }
  RoutingMap map(const WhatIf& what_if) {
    fixture.c.knobs = knobs_under(what_if, one.knobs);
    fixture.pass.what_if = &what_if;
    fixture.arena.reset();
    fixture.layer.forward(fixture.x, 12, fixture.pass, fixture.y, fixture.context);
    return routing_map(fixture.context.routing, 0, 12);
  }
  MoeCase one;
  MoeFixture fixture;
};

void expect_near(const std::vector<float>& a, const std::vector<float>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 2e-6);  // powers instead of a second softmax
}

void expect_same(const RoutingMap& a, const RoutingMap& b) {
  EXPECT_EQ(a.k, b.k);
  EXPECT_EQ(a.capacity, b.capacity);
  EXPECT_EQ(a.actual_capacity_factor, b.actual_capacity_factor);
  EXPECT_EQ(a.expert, b.expert);
  EXPECT_EQ(a.place, b.place);
  EXPECT_EQ(a.drop, b.drop);
  EXPECT_EQ(a.expert_off, b.expert_off);
  EXPECT_EQ(a.slots_per_expert, b.slots_per_expert);
  expect_near(a.gates, b.gates);
  expect_near(a.weight, b.weight);
  expect_near(a.dispatch, b.dispatch);
  expect_near(a.combine, b.combine);
}

TEST(Rerouted, IsWhatTheRouterMakesUnderTheSameKnobs) {
  std::vector<WhatIf> cases(6);
  cases[0].temperature = 0.5;
  cases[1].temperature = 3;
  cases[2].off = {{0, 1}, {0, 3}};
  cases[3].kept = {2, KeepBy::combine, 0};
  cases[4].kept = {2, KeepBy::random, 5};
  cases[5].kept = {1, KeepBy::load, 0};
  for (const RouterKind kind : {RouterKind::soft, RouterKind::tokens_choice, RouterKind::experts_choice}) {
    Routed routed(kind);
    const RoutingMap as_is = routed.map({});
    expect_same(rerouted(as_is, {}, routed.one.knobs), as_is);
    for (const WhatIf& what_if : cases) {
      SCOPED_TRACE(describe(what_if) + ", router " + std::to_string(static_cast<int>(kind)));
      expect_same(rerouted(as_is, what_if, routed.one.knobs), routed.map(what_if));
    }
  }
}

TEST(Rerouted, FollowsTheKnobsOfTokensChoice) {
  Routed routed(RouterKind::tokens_choice);
  const RoutingMap as_is = routed.map({});
  int64_t most_dropped = 0;
  for (const bool bpr : {false, true}) {
    for (const double factor : {0.2, 0.5, 1.5}) {
      for (const int64_t k : {1, 2, 3}) {
        WhatIf what_if;
        what_if.bpr = bpr, what_if.capacity_factor = factor, what_if.k = k;
        SCOPED_TRACE(describe(what_if));
        const RoutingMap map = rerouted(as_is, what_if, routed.one.knobs);
        expect_same(map, routed.map(what_if));
        most_dropped =
            std::max<int64_t>(most_dropped, std::count(map.drop.begin(), map.drop.end(), DropReason::expert_full));
      }
    }
  }
  EXPECT_GT(most_dropped, 10) << "of 36 choices at a capacity factor of 0.2";
}

TEST(Rerouted, TakesFewerSlotsAndForcedPatches) {
  Routed routed(RouterKind::soft);
  WhatIf what_if;
  what_if.slots_per_expert = 1;
  what_if.forced = {{0, 4, 2}};
  const RoutingMap as_is = routed.map({});
  expect_same(rerouted(as_is, what_if, routed.one.knobs), routed.map(what_if));
}

TEST(Rerouted, WeightsThatHaveUnderflowedBecomeEqual) {
  Routed routed(RouterKind::soft);
  RoutingMap as_is = routed.map({});
  const auto slots = static_cast<size_t>(as_is.slots_per_expert), experts = static_cast<size_t>(as_is.num_experts);
  ASSERT_GT(slots, 1u);
  for (size_t e = 0; e < experts; ++e) as_is.combine[e * slots] = 0;  // token 0, the first slot of each expert
  WhatIf what_if;
  what_if.slots_per_expert = 1;
  const RoutingMap map = rerouted(as_is, what_if, routed.one.knobs);
  for (size_t e = 0; e < experts; ++e) EXPECT_EQ(map.combine[e], 1 / static_cast<float>(experts));
}

}  // namespace
}  // namespace moescope
