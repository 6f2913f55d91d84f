// What a WhatIf does to a layer: experts kept by Algorithm 1 and its rivals, replaced, forced, and fewer slots.
#include "compute/moe/intervention.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "compute/core/error.h"
#include "compute/moe/observe.h"
#include "compute/ops/matmul/matmul.h"
#include "support/moe_fixture.h"

namespace moescope {
namespace {

/// A layer in evaluation mode under a WhatIf.
struct Layer : MoeFixture {
  explicit Layer(const MoeCase& one) : MoeFixture(one) { pass.training = pass.backward = false; }
  std::vector<float> run(const WhatIf& what_if) {
    pass.what_if = &what_if;
    arena.reset();
    layer.forward(x, c.group_tokens, pass, y, context);
    pass.what_if = nullptr;
    return std::vector<float>(y.f32(), y.f32() + y.size());
  }
  std::vector<float> run_with_off(const std::vector<uint8_t>& off) {
    const std::vector<std::vector<uint8_t>> all{off};
    pass.experts_off = &all;
    const std::vector<float> result = run({});
    pass.experts_off = nullptr;
    return result;
  }
};

WhatIf kept(int64_t count, KeepBy by, uint64_t seed = 0) {
  WhatIf what_if;
  what_if.kept = {count, by, seed};
  return what_if;
}

TEST(ExpertsKept, SoftKeepsThoseWithTheLargestSumsOfCombineWeightAndDoesNotRenormalise) {
  MoeCase one(RouterKind::soft);
  one.tokens = one.group_tokens = 6;  // a single input
  Layer layer(one);
  std::vector<double> sum(4, 0);
  layer.run({});
  for (int64_t t = 0; t < 6; ++t)
    for (int64_t q = 0; q < 8; ++q) sum[static_cast<size_t>(q / 2)] += layer.context.routing.combine.f32()[t * 8 + q];
  std::vector<size_t> order{0, 1, 2, 3};
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return sum[a] > sum[b]; });
  std::vector<uint8_t> off(4, 1);
  off[order[0]] = off[order[1]] = 0;
  const std::vector<float> wanted = layer.run_with_off(off);
  EXPECT_EQ(layer.run(kept(2, KeepBy::combine)), wanted);
  EXPECT_NE(layer.run({}), wanted);
}

TEST(ExpertsKept, EachInputOfABatchKeepsItsOwn) {
  MoeCase both(RouterKind::soft);  // 12 tokens in two groups of 6
  Layer together(both);
  const std::vector<float> batch = together.run(kept(1, KeepBy::combine));
  const Tensor off = together.context.routing.unit_off;
  ASSERT_EQ(off.dim(0), 2);
  for (int64_t unit = 0; unit < 2; ++unit) {
    MoeCase single(RouterKind::soft);
    single.tokens = 6;
    Layer alone(single);
    std::copy_n(together.x.f32() + unit * 36, 36, alone.x.f32());
    const std::vector<float> own = alone.run(kept(1, KeepBy::combine));
    for (size_t i = 0; i < 36; ++i)  // products over other numbers of rows may be blocked differently
      EXPECT_NEAR(batch[static_cast<size_t>(unit) * 36 + i], own[i], 1e-5);
  }
}

TEST(ExpertsKept, TheOthersAreNotComputed) {
  for (const RouterKind kind : {RouterKind::soft, RouterKind::tokens_choice, RouterKind::experts_choice}) {
    Layer layer{MoeCase(kind)};
    const auto work = [&](const WhatIf& what_if) {
      const int64_t before = flops_done();
      layer.run(what_if);
      return flops_done() - before;
    };
    const int64_t all = work({}), half = work(kept(2, KeepBy::combine)), one = work(kept(1, KeepBy::combine));
    EXPECT_LT(half, all) << static_cast<int>(kind);
    EXPECT_LT(one, half) << static_cast<int>(kind);
    EXPECT_EQ(work(kept(4, KeepBy::combine)), all) << static_cast<int>(kind);
  }
}

TEST(ExpertsKept, SparsePairsOfTheOthersAreDroppedImageByImage) {
  MoeCase one(RouterKind::tokens_choice);
  one.tokens = one.group_tokens = 12;  // one group of two images of 6 tokens
  one.knobs.capacity_factor = 0.7;
  Layer layer(one);
  layer.pass.image_tokens = 6;
  layer.run(kept(2, KeepBy::combine));
  const Routing& r = layer.context.routing;
  int64_t rows = 0;
  for (int64_t image = 0; image < 2; ++image) {
    std::vector<double> sum(4, 0);
    for (int64_t t = image * 6; t < image * 6 + 6; ++t)
      for (int64_t e = 0; e < 4; ++e) sum[static_cast<size_t>(e)] += r.gates.f32()[t * 4 + e];
    std::vector<int64_t> order{0, 1, 2, 3};
    std::sort(order.begin(), order.end(),
              [&](int64_t a, int64_t b) { return sum[static_cast<size_t>(a)] > sum[static_cast<size_t>(b)]; });
    const RoutingMap map = routing_map(r, image * 6, 6);
    for (size_t i = 0; i < map.expert.size(); ++i) {
      const bool is_kept = map.expert[i] == order[0] || map.expert[i] == order[1];
      const DropReason wanted = !is_kept                       ? DropReason::expert_off
                                : map.place[i] >= map.capacity ? DropReason::expert_full
                                                               : DropReason::none;
      EXPECT_EQ(map.drop[i], wanted);
      rows += wanted == DropReason::none;
    }
  }
  EXPECT_EQ(r.pairs.num_pairs, rows);
}

TEST(ExpertsKept, ByLoadTakesThoseThatAreFirstForMostTokens) {
  MoeCase one(RouterKind::tokens_choice);
  one.tokens = one.group_tokens = 12;
  Layer layer(one);
  layer.run(kept(1, KeepBy::load));
  const Routing& r = layer.context.routing;
  std::vector<int64_t> count(4, 0);
  for (int64_t t = 0; t < 12; ++t)
    ++count[static_cast<size_t>(std::max_element(r.gates.f32() + t * 4, r.gates.f32() + t * 4 + 4) -
                                (r.gates.f32() + t * 4))];
  const auto most = std::max_element(count.begin(), count.end());
  ASSERT_EQ(std::count(count.begin(), count.end(), *most), 1) << "the seed gives no tie";
  for (int64_t e = 0; e < 4; ++e) EXPECT_EQ(r.unit_off.u8()[e] == 0, e == most - count.begin());
}

TEST(ExpertsKept, ARandomChoiceDependsOnTheImageAndTheSeedAlone) {
  MoeCase one(RouterKind::soft);
  one.tokens = 240, one.group_tokens = 6;  // 40 inputs
  Layer layer(one);
  const auto choices = [&](int64_t first, uint64_t seed) {
    layer.pass.first_image = first;
    layer.run(kept(2, KeepBy::random, seed));
    const Tensor off = layer.context.routing.unit_off;
    return std::vector<uint8_t>(off.u8(), off.u8() + off.size());
  };
  const auto from_0 = choices(0, 0), from_10 = choices(10, 0);
  EXPECT_TRUE(std::equal(from_0.begin() + 40, from_0.end(), from_10.begin())) << "image 10 is image 10";
  EXPECT_NE(choices(0, 1), from_0);
  EXPECT_EQ(std::accumulate(from_0.begin(), from_0.end(), 0), 80) << "two of four are off, each time";
}

TEST(ExpertReplaced, TheOthersWeightsDoItsWork) {
  for (const RouterKind kind : {RouterKind::soft, RouterKind::tokens_choice}) {
    Layer layer{MoeCase(kind)};
    WhatIf swap;
    swap.replaced = {{0, 1, 2}, {0, 2, 1}};
    const std::vector<float> before = layer.run({}), swapped = layer.run(swap);
    EXPECT_NE(before, swapped);
    for (const char* name : {"w1", "b1", "w2", "b2"}) {  // the same by moving the weights
      const Tensor value = layer.value(name);
      const int64_t size = value.size() / 4;
      std::swap_ranges(value.f32() + size, value.f32() + 2 * size, value.f32() + 2 * size);
    }
    const std::vector<float> moved = layer.run({});
    for (size_t i = 0; i < moved.size(); ++i) EXPECT_NEAR(moved[i], swapped[i], 1e-5) << "another blocking of the rows";
  }
}

TEST(PatchForced, TheTokenGoesToThatExpertAtTheWeightOfItsBest) {
  MoeCase one(RouterKind::tokens_choice);
  one.knobs.k = 1, one.knobs.capacity_factor = 4;  // room for all
  Layer layer(one);
  layer.run({});
  const RoutingMap before = routing_map(layer.context.routing, 0, 6);
  const int32_t other = (before.expert[2] + 1) % 4;
  WhatIf forced;
  forced.forced = {{0, 2, other}};
  layer.pass.image_tokens = 12;  // both groups are one image: patch 2 is token 2 alone
  layer.run(forced);
  const RoutingMap after = routing_map(layer.context.routing, 0, 6);
  EXPECT_EQ(after.expert[2], other);
  EXPECT_EQ(after.weight[2], before.weight[2]);
  EXPECT_EQ(after.expert[3], before.expert[3]);
}

TEST(PatchForced, ASoftTokenTakesFromThatExpertAlone) {
  Layer layer{MoeCase(RouterKind::soft)};
  layer.pass.image_tokens = 6;
  WhatIf forced;
  forced.forced = {{0, 2, 1}};
  layer.run(forced);
  for (const int64_t token : {2, 8}) {  // of both images
    const float* row = layer.context.routing.combine.f32() + token * 8;
    EXPECT_EQ(row[0] + row[1] + row[4] + row[5] + row[6] + row[7], 0);
    EXPECT_NEAR(row[2] + row[3], 1, 1e-6);  // float rounding
  }
}

TEST(FewerSlots, AreThoseOfALayerWithThemAlone) {
  MoeCase two(RouterKind::soft), one(RouterKind::soft);
  one.shape.slots_per_expert = 1;
  Layer both(two), single(one);
  for (const char* name : {"w1", "b1", "w2", "b2"})
    std::copy_n(both.value(name).f32(), both.value(name).size(), single.value(name).f32());
  single.value("scale").f32()[0] = both.value("scale").f32()[0];
  for (int64_t i = 0; i < 6 * 4; ++i) single.value("mu").f32()[i] = both.value("mu").f32()[2 * i];
  WhatIf fewer;
  fewer.slots_per_expert = 1;
  const std::vector<float> got = both.run(fewer), wanted = single.run({});
  for (size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], wanted[i], 1e-5);  // other widths of the products
  fewer.slots_per_expert = 3;
  EXPECT_THROW(both.run(fewer), ConfigError);
}

}  // namespace
}  // namespace moescope
