// What a WhatIf says of itself, and the sentence for what a model cannot be asked.
#include "compute/records/what_if.h"

#include <gtest/gtest.h>

#include <cmath>

#include "compute/records/config_fields.h"

namespace moescope {
namespace {

RunConfig model(RouterKind kind) {
  RunConfig config;  // four blocks, the last two with experts
  config.router.kind = kind;
  config.router.num_experts = 4;
  return config;
}

std::string refusal(const WhatIf& what_if, RouterKind kind = RouterKind::tokens_choice) {
  try {
    check(what_if, model(kind), 49);
  } catch (const ConfigError& error) { return error.what(); }
  return "accepted";
}

template <class Change>
WhatIf with(Change&& change) {
  WhatIf what_if;
  change(what_if);
  return what_if;
}

TEST(WhatIf, IsDescribedInOneLine) {
  EXPECT_EQ(describe(WhatIf{}), "as it is");
  EXPECT_TRUE(WhatIf{}.is_nothing());
  WhatIf all;
  all.off = {{3, 0}};
  all.replaced = {{2, 1, 3}};
  all.forced = {{2, 24, 3}};
  all.kept = {1, KeepBy::random, 7};
  all.k = 1, all.capacity_factor = 0.5, all.bpr = true, all.temperature = 2, all.slots_per_expert = 1;
  all.edits = {OccludePatch{5}, AddNoise{12}, ShiftImage{2, -1}, PaintSpot{1, 2, 3}};
  EXPECT_EQ(
      describe(all),
      "expert 3:0 off, expert 2:1 computed by 3, patch 24 forced to expert 2:3, 1 expert kept by random (seed 7), "
      "k 1, capacity factor 0.5, BPR on, temperature 2, 1 slot per expert, patch 5 occluded, noise of deviation "
      "12, shifted by 2,-1 pixels, a spot of radius 3 at row 1, column 2");
  EXPECT_FALSE(all.is_nothing());
}

TEST(WhatIf, WhatAModelDoesNotHaveIsNamed) {
  const auto off = [](int64_t layer, int64_t expert) { return with([&](WhatIf& w) { w.off = {{layer, expert}}; }); };
  EXPECT_EQ(refusal(off(3, 2)), "accepted");
  EXPECT_EQ(refusal(off(0, 2)), "expert 0:2 does not exist; the layers with experts are 2, 3");
  EXPECT_EQ(refusal(off(3, 4)), "expert 3:4 does not exist; layer 3 has experts 0 to 3");
  EXPECT_EQ(refusal(off(3, 0), RouterKind::dense), "expert 3:0 does not exist; the model is dense");
  EXPECT_EQ(refusal(with([](WhatIf& w) {
              w.off = {{3, 0}, {3, 1}, {3, 2}, {3, 3}, {2, 0}};
            })),
            "every expert of layer 3 is off; switch one on");
  EXPECT_EQ(refusal(with([](WhatIf& w) {
              w.replaced = {{3, 0, 9}};
            })),
            "expert 3:9 does not exist; layer 3 has experts 0 to 3");
  const WhatIf forced = with([](WhatIf& w) { w.forced = {{3, 49, 0}}; });
  EXPECT_EQ(refusal(forced), "patch 49 does not exist; the image has patches 0 to 48");
  EXPECT_EQ(
      refusal(with([](WhatIf& w) {
                w.forced = {{3, 0, 0}};
              }),
              RouterKind::experts_choice),
      "a patch cannot be forced to an expert under experts_choice, where experts choose; switch the other experts "
      "off instead");
  EXPECT_EQ(refusal(with([](WhatIf& w) { w.edits = {OccludePatch{-1}}; })),
            "patch -1 does not exist; the image has patches 0 to 48");
}

TEST(WhatIf, KnobsOfAnotherRouterAndOutOfRangeAreRefused) {
  const WhatIf k = with([](WhatIf&w) { w.k = 5; }), capacity = with([](WhatIf&w) { w.capacity_factor = 0.5; });
  EXPECT_EQ(refusal(k), "k 5 is out of range; choose between 1 and 4");
  EXPECT_EQ(refusal(k, RouterKind::soft),
            "k cannot be changed here; only tokens_choice has it, and this model is soft");
  EXPECT_EQ(refusal(capacity), "accepted");
  EXPECT_EQ(refusal(capacity, RouterKind::experts_choice), "accepted");
  EXPECT_EQ(refusal(capacity, RouterKind::soft),
            "capacity factor cannot be changed here; only sparse routers have one, and this model is soft");
  EXPECT_EQ(refusal(with([](WhatIf& w) { w.temperature = 0; })),
            "temperature 0 is out of range; choose between 0.01 and 100");
  EXPECT_EQ(refusal(with([](WhatIf& w) { w.slots_per_expert = 4; }), RouterKind::soft),
            "slots per expert 4 is out of range; choose between 1 and 3");
  EXPECT_EQ(refusal(with([](WhatIf& w) { w.kept.count = 5; })),
            "experts kept 5 is out of range; choose between 1 and 4");
  EXPECT_EQ(refusal(with([](WhatIf& w) { w.edits = {AddNoise{std::nan("")}}; })),
            "noise deviation nan is out of range; choose between 0 and 255");
}

TEST(WhatIf, ItsKnobsTakeThePlaceOfTheRouters) {
  WhatIf what_if;
  what_if.k = 3, what_if.capacity_factor = 0.25;
  const RouterConfig knobs = knobs_under(what_if, RouterConfig{});
  EXPECT_EQ(knobs.k, 3);
  EXPECT_EQ(knobs.eval_capacity_factor, 0.25);
  EXPECT_EQ(knobs.temperature, RouterConfig{}.temperature);
}

TEST(KeepByName, AMisspeltOneIsAnswered) {
  EXPECT_EQ(keep_by_named("load"), KeepBy::load);
  EXPECT_THROW(keep_by_named("combin"), ConfigError);
}

}  // namespace
}  // namespace moescope
