// What the layer promises beyond its gradients: groups apart, threads alike, experts off, no memory in a steady step.
#include "compute/moe/moe_layer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "compute/backends/thread_pool.h"
#include "compute/core/error.h"
#include "compute/ops/matmul/matmul.h"
#include "support/expect_close.h"
#include "support/moe_fixture.h"

namespace moescope {
namespace {

using testing::HasSubstr;

constexpr RouterKind kKinds[] = {RouterKind::soft, RouterKind::tokens_choice, RouterKind::experts_choice};

void set_all(const Tensor& t, float value) { std::fill(t.f32(), t.f32() + t.size(), value); }

TEST(MoeLayer, SoftSlotsMixTokensAndTokensMixSlots) {
  // Two tokens [1,0] and [0,1], one expert with one slot and no normalisation, phi = [log 3, 0]: logits [log 3, 0].
  // dispatch = [3/4, 1/4], so the slot is [0.75, 0.25]; ReLU experts with w1 = w2 = identity pass it on with b2 = [1,
  // 0]: [1.75, 0.25]; a token's only slot has combine weight 1, so that is both tokens' output.
  MoeCase c(RouterKind::soft);
  c.shape.width = c.shape.hidden = 2;
  c.shape.num_experts = c.shape.slots_per_expert = 1;
  c.shape.activation = Activation::relu;
  c.shape.soft_normalize = SoftNormalize::none;
  c.tokens = c.group_tokens = 2;
  MoeFixture f(c);
  for (const char* name : {"w1", "w2"}) {
    const float identity[] = {1, 0, 0, 1};
    std::copy(identity, identity + 4, f.value(name).f32());
    std::copy(identity, identity + 4, f.x.f32());
  }
  set_all(f.value("b1"), 0);
  f.value("b2").f32()[0] = 1, f.value("b2").f32()[1] = 0;
  f.value("mu").f32()[0] = std::log(3.0f), f.value("mu").f32()[1] = 0;
  f.loss();
  expect_numbers(f.context.routing.dispatch, {0.75f, 0.25f}, 1e-6, "dispatch");
  expect_numbers(f.y, {1.75f, 0.25f, 1.75f, 0.25f}, 1e-6, "y");
}

TEST(MoeLayer, MixingFixedByTheAblationIsUniformOrTheIdentity) {
  // 6 tokens a group and a shorter last one of 4; 3 experts with 2 slots each, as many slots as tokens of a full group
  MoeCase c(RouterKind::soft);
  c.shape.num_experts = 3;
  c.tokens = 10;
  const auto routing_of = [&](SoftMixing mixing) {
    c.shape.mixing = mixing;
    MoeFixture f(c);
    f.loss();
    return std::pair{copy_of(f.context.routing.dispatch), copy_of(f.context.routing.combine)};
  };
  const auto learned = routing_of(SoftMixing::learned), half = routing_of(SoftMixing::uniform_combine),
             other = routing_of(SoftMixing::uniform_dispatch), uniform = routing_of(SoftMixing::uniform),
             identity = routing_of(SoftMixing::identity);
  for (int64_t t = 0; t < 10; ++t)
    for (int64_t s = 0; s < 6; ++s) {
      const int64_t i = t * 6 + s;
      EXPECT_EQ(half.first.f32()[i], learned.first.f32()[i]);
      EXPECT_EQ(half.second.f32()[i], 1.0f / 6);
      EXPECT_EQ(other.first.f32()[i], t < 6 ? 1.0f / 6 : 1.0f / 4);
      EXPECT_EQ(other.second.f32()[i], learned.second.f32()[i]);
      EXPECT_EQ(uniform.first.f32()[i], other.first.f32()[i]);
      EXPECT_EQ(uniform.second.f32()[i], 1.0f / 6);
      EXPECT_EQ(identity.first.f32()[i], t % 6 == s ? 1 : 0);
      EXPECT_EQ(identity.second.f32()[i], t % 6 == s ? 1 : 0);
    }
}

TEST(MoeLayer, ADroppedTokenComesOutAsZero) {
  // one expert with one place for three tokens: only the first is computed, the others are exact zeros
  MoeCase c(RouterKind::tokens_choice);
  c.shape.num_experts = c.knobs.num_experts = 1;
  c.knobs.k = 1;
  c.knobs.capacity_factor = 0.3;
  c.tokens = c.group_tokens = 3;
  MoeFixture f(c);
  f.loss();
  EXPECT_EQ(f.context.routing.capacity, 1);
  EXPECT_NE(f.y.f32()[0], 0);
  for (int64_t i = c.shape.width; i < f.y.size(); ++i) EXPECT_EQ(f.y.f32()[i], 0);
}

TEST(MoeLayer, AShorterLastGroupIsRoutedOnItsOwn) {
  for (const RouterKind kind : kKinds) {
    MoeCase c(kind);
    c.tokens = 19;  // 8, 8, 3
    c.group_tokens = 8;
    MoeFixture f(c);
    f.pass.training = f.pass.backward = false;
    f.loss();
    const Buffer together = copy_of(f.y);
    const Routing& r = f.context.routing;
    EXPECT_EQ(r.groups, 3);
    EXPECT_EQ(r.group_size(2), 3);
    // places for 8 and for 3 tokens, E = 4, factor 0.9: two choices each, ceil(3.6) and ceil(1.35); one, ceil(1.8) and
    // 1
    if (kind == RouterKind::tokens_choice) {
      EXPECT_THAT((std::pair{r.capacity, r.last_capacity}), testing::Pair(4, 2));
    }
    if (kind == RouterKind::experts_choice) {
      EXPECT_THAT((std::pair{r.capacity, r.last_capacity}), testing::Pair(2, 1));
    }
    for (const auto& [first, last] : {std::pair<int64_t, int64_t>{0, 8}, {8, 16}, {16, 19}})
      f.layer.forward(f.x.tensor().rows(first, last), 8, f.pass, f.y.tensor().rows(first, last), f.context);
    expect_close(together, f.y, 1e-6, "groups of 8, 8 and 3 together");  // the products run in other shapes: rounding
  }
}

TEST(MoeLayer, OneAndTwoThreadsAgree) {
  const int before = cpu_pool().num_threads();
  for (const RouterKind kind : kKinds) {
    MoeCase c(kind);
    c.tokens = 600, c.group_tokens = 50;
    c.knobs.noise_std = kind == RouterKind::soft ? 0 : 1;
    c.knobs.importance_weight = c.knobs.load_weight = 0.5;
    MoeFixture f(c);
    set_cpu_threads(1);
    f.run();
    const Buffer y = copy_of(f.y), dx = copy_of(f.dx), dw = copy_of(f.gradient("w1"));
    set_cpu_threads(2);
    f.run();
    // Sums over all tokens are cut between threads, so gradients may round differently; outputs may not.
    expect_close(f.y, y, 1e-6, "y");
    expect_close(f.dx, dx, 1e-5, "dx");
    expect_close(f.gradient("w1"), dw, 1e-5, "dw1");
    const Buffer again = copy_of(f.gradient("w1"));
    f.run();
    EXPECT_EQ(std::memcmp(f.gradient("w1").data(), again.f32(), static_cast<size_t>(4 * again.size())), 0)
        << "two threads twice";
  }
  set_cpu_threads(before);
}

TEST(MoeLayer, ASteadyStepAsksForNoMemory) {
  for (const RouterKind kind : kKinds) {
    MoeCase c(kind);
    c.tokens = 4000, c.group_tokens = 200;  // more than the arena's first block
    c.knobs.noise_std = 0.01;
    c.knobs.bpr = true;
    c.knobs.importance_weight = c.knobs.load_weight = 0.01;
    MoeFixture f(c);
    for (int64_t i = 0; i < f.x.size(); ++i) f.x.f32()[i] = 1;  // all tokens alike: almost all choices are dropped
    for (int i = 0; i < 2; ++i) f.run();
    f.arena.reset();
    const int growths = f.arena.growths();
    const int64_t peak = f.arena.peak_bytes();
    for (int step = 1; step < 6; ++step) {  // other noise, other tokens: other numbers of kept pairs
      f.pass.step = step;
      Rng(static_cast<uint64_t>(step), RngPurpose::test).fill_normal(f.x.f32(), f.x.size(), 1);
      f.run();
      f.arena.reset();
    }
    EXPECT_EQ(f.arena.growths(), growths);
    EXPECT_EQ(f.arena.peak_bytes(), peak);
  }
}

TEST(MoeLayer, WithoutABackwardPassTheNumbersAreTheSame) {
  for (const RouterKind kind : kKinds) {
    for (const Activation activation : {Activation::gelu_tanh, Activation::geglu}) {
      MoeCase c(kind);
      c.shape.activation = activation;
      MoeFixture f(c);
      f.loss();
      const Buffer kept = copy_of(f.y);
      f.pass.backward = false;
      f.loss();
      EXPECT_EQ(std::memcmp(kept.f32(), f.y.f32(), static_cast<size_t>(4 * kept.size())), 0);
    }
  }
}

TEST(MoeLayer, SoftRoutingDoesNotCareForTheOrderOfAGroupsTokens) {
  MoeCase c(RouterKind::soft);
  c.tokens = c.group_tokens = 7;
  MoeFixture f(c);
  f.loss();
  const Buffer x = copy_of(f.x), y = copy_of(f.y);
  const int64_t order[] = {3, 0, 6, 1, 5, 2, 4}, width = c.shape.width;
  for (int64_t t = 0; t < 7; ++t) std::copy_n(x.f32() + order[t] * width, width, f.x.f32() + t * width);
  f.loss();
  for (int64_t t = 0; t < 7; ++t)
    expect_close(f.y.tensor().row(t), y.tensor().row(order[t]), 1e-6,
                 "token " + std::to_string(t));  // sums in another order
}

TEST(MoeLayer, SoftWeightsSumToOneOverTokensAndOverSlots) {
  MoeCase c(RouterKind::soft);
  c.tokens = 10, c.group_tokens = 6;
  c.shape.scale_init = 20;
  MoeFixture f(c);
  f.loss();
  const Routing& r = f.context.routing;
  const int64_t slots = 8;
  for (int64_t t = 0; t < 10; ++t) {
    double sum = 0;
    for (int64_t q = 0; q < slots; ++q) sum += r.combine.f32()[t * slots + q];
    EXPECT_NEAR(sum, 1, 1e-6);
  }
  for (int64_t g = 0; g < 2; ++g)
    for (int64_t q = 0; q < slots; ++q) {
      double sum = 0;
      for (int64_t t = 6 * g; t < 6 * g + r.group_size(g); ++t) sum += r.dispatch.f32()[t * slots + q];
      EXPECT_NEAR(sum, 1, 1e-6);
    }
}

/// Runs with experts 1 and 2 of 4 off and hands back the FLOPs of the pass.
int64_t flops_with_off(MoeFixture& f, const std::vector<std::vector<uint8_t>>& off) {
  f.pass.experts_off = &off;
  const int64_t before = flops_done();
  f.loss();
  return flops_done() - before;
}

TEST(MoeLayer, AnExpertThatIsOffIsZeroInItsSlotsAndTheWeightsStayAsTheyAre) {
  // PAPERS 2.5: the combine weights keep the full softmax. The same as an expert whose second layer is all zero.
  MoeFixture f{MoeCase(RouterKind::soft)};
  const int64_t all = flops_with_off(f, {});
  const std::vector<std::vector<uint8_t>> off{{0, 1, 1, 0}};
  const int64_t half = flops_with_off(f, off);
  const Buffer y = copy_of(f.y), combine = copy_of(f.context.routing.combine);
  EXPECT_EQ(all - half, 2 * 4 * 2 * 2 * 6 * 8);  // 2 experts * 4 slots (2 groups) * 2 products * 2 FLOPs * D * H
  f.pass.experts_off = nullptr;
  for (int64_t e : {1, 2}) set_all(f.value("w2").row(e), 0), set_all(f.value("b2").row(e), 0);
  f.loss();
  expect_close(y, f.y, 1e-6, "y");
  expect_close(combine, f.context.routing.combine, 0, "combine");
}

TEST(MoeLayer, PairsOfAnExpertThatIsOffAreDropped) {
  for (const RouterKind kind : {RouterKind::tokens_choice, RouterKind::experts_choice}) {
    MoeFixture f{MoeCase(kind)};
    const std::vector<std::vector<uint8_t>> off{{0, 1, 1, 0}};
    flops_with_off(f, off);
    const Buffer y = copy_of(f.y);
    const int32_t* offset = f.context.routing.pair_expert_offset.i32();
    EXPECT_EQ(offset[1], offset[3]);
    EXPECT_GT(offset[4], offset[3]);
    f.pass.experts_off = nullptr;
    for (int64_t e : {1, 2}) set_all(f.value("w2").row(e), 0), set_all(f.value("b2").row(e), 0);
    f.loss();
    expect_close(y, f.y, 1e-6, "y");
  }
}

TEST(MoeLayer, AllExpertsOffGiveZeros) {
  const std::vector<std::vector<uint8_t>> off{{1, 1, 1, 1}};
  for (const RouterKind kind : kKinds) {
    MoeFixture f{MoeCase(kind)};
    f.pass.experts_off = &off;
    f.run();
    for (int64_t i = 0; i < f.y.size(); ++i) ASSERT_EQ(f.y.f32()[i], 0);
  }
}

TEST(MoeLayer, NoiseIsAFunctionOfSeedStepPartAndLayer) {
  for (const RouterKind kind : kKinds) {
    MoeCase c(kind);
    c.knobs.noise_std = 1;
    MoeFixture f(c);
    const double first = f.loss();
    EXPECT_EQ(f.loss(), first);
    f.pass.step = 1;
    const double step = f.loss();
    f.pass.step = 0, f.pass.part = 1;
    const double part = f.loss();
    EXPECT_NE(step, first);
    EXPECT_NE(part, first);
    EXPECT_NE(part, step);
    f.pass.part = 0, f.pass.training = false;
    const double quiet = f.loss();
    EXPECT_NE(quiet, first);
    c.shape.layer = 3;
    EXPECT_NE(MoeFixture(c).loss(), first);
  }
}

TEST(MoeLayer, ImpossibleKnobsAreRefusedInOneSentence) {
  MoeCase c(RouterKind::tokens_choice);
  c.knobs.k = 5;
  MoeFixture f(c);
  try {
    f.loss();
    FAIL() << "k = 5 of 4 experts passed";
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("router.k 5 is not between 1 and router.num_experts 4"));
  }
  f.c.knobs.k = 1;
  f.c.knobs.capacity_factor = 0.01;
  f.c.knobs.capacity_rounding = CapacityRounding::round;
  EXPECT_THROW(f.loss(), ConfigError);
}

TEST(MoeLayer, ShapesAreCheckedAtTheDoor) {
  MoeFixture f{MoeCase(RouterKind::soft)};
  const Buffer narrow(Shape{12, 5});
  EXPECT_THROW(f.layer.forward(narrow, 6, f.pass, f.y, f.context), ShapeError);
  EXPECT_THROW(f.layer.forward(f.x, 0, f.pass, f.y, f.context), ShapeError);
  const Buffer mask(Shape{11}, DType::u8);
  EXPECT_THROW(f.layer.forward(f.x, 6, f.pass, f.y, f.context, mask), ShapeError);
}

TEST(MoeLayer, IdenticalExpertsStartEqual) {
  MoeCase c(RouterKind::soft);
  c.shape.identical_init = true;
  ParameterSet parameters;
  const MoeLayer layer(parameters, "moe", c.shape);
  parameters.allocate(host_memory(), 1);
  const Tensor w1 = parameters.find("moe.w1")->value;
  EXPECT_EQ(std::memcmp(w1.row(0).data(), w1.row(3).data(), static_cast<size_t>(w1.row(0).bytes())), 0);
  EXPECT_FLOAT_EQ(parameters.find("moe.scale")->value.f32()[0], 1);
}

}  // namespace
}  // namespace moescope
