// Experts Choice: each expert's best tokens, and tokens with none to all of the experts.
#include "compute/moe/experts_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "compute/core/rng.h"
#include "support/random_tensor.h"
#include "support/routing_of.h"

namespace moescope {
namespace {

using testing::ElementsAre;

TEST(ExpertsChoice, EachExpertTakesItsBestTokensAndTiesGoToTheFirst) {
  // expert 0 likes tokens 2 (0.9) and 0 (0.6); expert 1 likes 1 (0.7) and, of 0 and 3 with 0.4 each, token 0
  const Buffer gates = tensor_of({4, 2}, {0.6f, 0.4f, 0.3f, 0.7f, 0.9f, 0.1f, 0.5f, 0.4f});
  Arena arena;
  Routing r = routing_of(RouterKind::experts_choice, gates, 4, 0, 2);
  choose_by_experts(r, arena);
  EXPECT_THAT(listed(r.chosen_token.i32(), 4), ElementsAre(2, 0, 1, 0));
  EXPECT_THAT(listed(r.pairs.token, 4), ElementsAre(2, 0, 1, 0));
  EXPECT_THAT(listed(r.pairs.weight, 4), ElementsAre(0.9f, 0.6f, 0.7f, 0.4f));
  // token 0 has two experts, token 3 none
  EXPECT_THAT(listed(r.pairs.token_begin, 5), ElementsAre(0, 2, 3, 4, 4));
  EXPECT_THAT(listed(r.pairs.token_pairs, 4), ElementsAre(1, 3, 2, 0));
}

TEST(ExpertsChoice, AShorterLastGroupLeavesPlacesOpen) {
  const Buffer gates = tensor_of({3, 1}, {0.2f, 0.5f, 0.3f});
  Arena arena;
  Routing r = routing_of(RouterKind::experts_choice, gates, 2, 0, 2);
  r.last_capacity = 1;
  choose_by_experts(r, arena);
  EXPECT_THAT(listed(r.chosen_token.i32(), 4), ElementsAre(1, 0, 0, -1));  // token numbers within the group
  EXPECT_THAT(listed(r.pairs.token, 3), ElementsAre(1, 0, 2));
}

TEST(ExpertsChoice, AgreesWithSortingEachColumn) {
  Rng rng(11, RngPurpose::test);
  for (int trial = 0; trial < 100; ++trial) {
    const int64_t groups = 1 + rng.below(3), tokens = 1 + rng.below(60), experts = 1 + rng.below(6),
                  capacity = 1 + rng.below(tokens);
    const Buffer gates({groups * tokens, experts});
    for (int64_t i = 0; i < gates.size(); ++i) gates.f32()[i] = static_cast<float>(1 + rng.below(8)) / 8;
    Arena arena;
    Routing r = routing_of(RouterKind::experts_choice, gates, tokens, 0, capacity);
    choose_by_experts(r, arena);
    for (int64_t g = 0; g < groups; ++g)
      for (int64_t e = 0; e < experts; ++e) {
        std::vector<int32_t> order(static_cast<size_t>(tokens));
        std::iota(order.begin(), order.end(), 0);
        const auto gate = [&](int32_t t) { return gates.f32()[(g * tokens + t) * experts + e]; };
        std::stable_sort(order.begin(), order.end(), [&](int32_t a, int32_t b) { return gate(a) > gate(b); });
        order.resize(static_cast<size_t>(capacity));
        ASSERT_EQ(listed(r.chosen_token.i32() + (g * experts + e) * capacity, capacity), order);
      }
    // each row is in its token's list once, and lists run by expert
    std::vector<int> seen(static_cast<size_t>(r.pairs.num_pairs), 0);
    for (int64_t t = 0; t < r.total_tokens; ++t)
      for (int64_t i = r.pairs.token_begin[t]; i < r.pairs.token_begin[t + 1]; ++i) {
        ASSERT_EQ(r.pairs.token[r.pairs.token_pairs[i]], t);
        ++seen[static_cast<size_t>(r.pairs.token_pairs[i])];
        if (i > r.pairs.token_begin[t]) { ASSERT_GT(r.pairs.token_pairs[i], r.pairs.token_pairs[i - 1]); }
      }
    ASSERT_TRUE(std::all_of(seen.begin(), seen.end(), [](int n) { return n == 1; }));
    ASSERT_EQ(r.pairs.num_pairs, groups * experts * capacity);
  }
}

}  // namespace
}  // namespace moescope
