// Tokens Choice: who gets a place, in which order, and what a full expert does.
#include "compute/moe/tokens_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "compute/core/rng.h"
#include "compute/ops/softmax/softmax.h"
#include "support/random_tensor.h"
#include "support/routing_of.h"

namespace moescope {
namespace {

using testing::ElementsAre;

TEST(TokensChoice, FirstChoicesComeBeforeSecondOnes) {
  // three tokens, two experts with two places each, k = 2:
  //   token 0 wants 0 then 1, token 1 wants 0 then 1, token 2 wants 1 then 0
  //   first choices:  expert 0 takes tokens 0, 1;  expert 1 takes token 2
  //   second choices: expert 1 takes token 0 and is full; token 1 finds place 2 of 2; token 2 finds place 2 of 2
  const Buffer gates = tensor_of({3, 2}, {0.9f, 0.1f, 0.8f, 0.2f, 0.3f, 0.7f});
  Arena arena;
  Routing r = routing_of(RouterKind::tokens_choice, gates, 3, 2, 2);
  choose_by_tokens(r, false, arena);
  EXPECT_THAT(listed(r.expert.i32(), 6), ElementsAre(0, 1, 0, 1, 1, 0));
  EXPECT_THAT(listed(r.place.i32(), 6), ElementsAre(0, 1, 1, 2, 0, 2));
  // kept pairs by expert: (0 of expert 0), (1 of expert 0), (2 of expert 1), (0 of expert 1)
  EXPECT_THAT(listed(r.pair_expert_offset.i32(), 3), ElementsAre(0, 2, 4));
  EXPECT_THAT(listed(r.pairs.token, 4), ElementsAre(0, 1, 2, 0));
  EXPECT_THAT(listed(r.pairs.weight, 4), ElementsAre(0.9f, 0.8f, 0.7f, 0.1f));  // as they are, not renormalised
  EXPECT_THAT(listed(r.pairs.token_begin, 4), ElementsAre(0, 2, 3, 4));
  EXPECT_THAT(listed(r.pairs.token_pairs, 4), ElementsAre(0, 3, 1, 2));
}

TEST(TokensChoice, BatchPriorityServesTheMostConfidentTokenFirst) {
  // one place: in order token 0 gets it, by priority token 2 (0.9), and of equal ones the earlier
  const Buffer gates = tensor_of({4, 2}, {0.6f, 0.4f, 0.7f, 0.3f, 0.9f, 0.1f, 0.7f, 0.3f});
  Arena arena;
  Routing r = routing_of(RouterKind::tokens_choice, gates, 4, 1, 1);
  choose_by_tokens(r, false, arena);
  EXPECT_THAT(listed(r.place.i32(), 4), ElementsAre(0, 1, 2, 3));
  EXPECT_THAT(listed(r.pairs.token, r.pairs.num_pairs), ElementsAre(0));
  choose_by_tokens(r, true, arena);
  EXPECT_THAT(listed(r.place.i32(), 4), ElementsAre(3, 1, 0, 2));
  EXPECT_THAT(listed(r.pairs.token, r.pairs.num_pairs), ElementsAre(2));
}

TEST(TokensChoice, GroupsDoNotSeeEachOther) {
  // two groups of two tokens that all want expert 0, one place each: the first of each group gets it
  const Buffer gates = tensor_of({4, 2}, {0.9f, 0.1f, 0.8f, 0.2f, 0.7f, 0.3f, 0.6f, 0.4f});
  Arena arena;
  Routing r = routing_of(RouterKind::tokens_choice, gates, 2, 1, 1);
  choose_by_tokens(r, false, arena);
  EXPECT_THAT(listed(r.pairs.token, r.pairs.num_pairs), ElementsAre(0, 2));
  EXPECT_THAT(listed(r.pairs.token_begin, 5), ElementsAre(0, 1, 1, 2, 2));
}

TEST(TokensChoice, AnExpertThatIsOffKeepsNothingButStillCountsItsPlaces) {
  const Buffer gates = tensor_of({3, 2}, {0.9f, 0.1f, 0.2f, 0.8f, 0.7f, 0.3f});
  const uint8_t off[] = {1, 0};
  Arena arena;
  Routing r = routing_of(RouterKind::tokens_choice, gates, 3, 1, 2);
  r.expert_off = off;
  choose_by_tokens(r, false, arena);
  EXPECT_THAT(listed(r.place.i32(), 3), ElementsAre(0, 0, 1));
  EXPECT_THAT(listed(r.pairs.token, r.pairs.num_pairs), ElementsAre(1));
  EXPECT_THAT(listed(r.pair_expert_offset.i32(), 3), ElementsAre(0, 0, 1));
}

struct Case {
  int64_t groups, tokens, last, experts, k, capacity;
};

/// Gates with exact ties: logits on a coarse grid.
Buffer random_gates(const Case& c, Rng& rng) {
  const Buffer gates({(c.groups - 1) * c.tokens + c.last, c.experts});
  for (int64_t i = 0; i < gates.size(); ++i) gates.f32()[i] = static_cast<float>(rng.below(5)) * 0.5f;
  softmax(gates, gates);
  return Buffer(copy_of(gates));
}

void check_pairs(const Routing& r) {
  // every kept choice is one row; rows of an expert are its groups' places in order; token lists name the same rows
  std::set<int64_t> rows;
  for (int64_t t = 0; t < r.total_tokens; ++t) {
    const int64_t g = t / r.tokens;
    int64_t kept = 0;
    for (int64_t at = t * r.k; at < (t + 1) * r.k; ++at) kept += r.place.i32()[at] < r.group_capacity(g);
    ASSERT_EQ(r.pairs.token_begin[t + 1] - r.pairs.token_begin[t], kept);
    for (int64_t i = r.pairs.token_begin[t]; i < r.pairs.token_begin[t + 1]; ++i) {
      const int64_t row = r.pairs.token_pairs[i], expert = r.pair_choice.i32()[row] % r.experts;
      ASSERT_TRUE(rows.insert(row).second) << "row " << row << " is listed twice";
      ASSERT_EQ(r.pairs.token[row], t);
      ASSERT_EQ(r.pair_choice.i32()[row] / r.experts, t);
      ASSERT_EQ(r.pairs.weight[row], r.gates.f32()[t * r.experts + expert]);
      ASSERT_GE(row, r.pair_expert_offset.i32()[expert]);
      ASSERT_LT(row, r.pair_expert_offset.i32()[expert + 1]);
    }
  }
  ASSERT_EQ(static_cast<int64_t>(rows.size()), r.pairs.num_pairs);
  ASSERT_LE(r.pairs.num_pairs, r.max_pairs);
}

void check_places(const Routing& r) {
  for (int64_t g = 0; g < r.groups; ++g) {
    std::set<std::pair<int32_t, int32_t>> taken;
    for (int64_t at = g * r.tokens * r.k; at < (g * r.tokens + r.group_size(g)) * r.k; ++at)
      ASSERT_TRUE(taken.insert({r.expert.i32()[at], r.place.i32()[at]}).second) << "a place is given twice";
    for (const auto& [expert, place] : taken)
      if (place > 0) {
        ASSERT_TRUE(taken.count({expert, place - 1})) << "place " << place << " is given and the one before is not";
      }
  }
}

/// For the same expert and choice, nobody is dropped whose best gate beats that of somebody kept.
void check_priority(const Routing& r) {
  const auto priority = [&](int64_t t) { return r.gates.f32()[t * r.experts + r.expert.i32()[t * r.k]]; };
  for (int64_t g = 0; g < r.groups; ++g) {
    const int64_t first = g * r.tokens, last = first + r.group_size(g);
    for (int64_t choice = 0; choice < r.k; ++choice)
      for (int64_t a = first; a < last; ++a)
        for (int64_t b = first; b < last; ++b) {
          const int64_t at = a * r.k + choice, other = b * r.k + choice;
          if (r.expert.i32()[at] != r.expert.i32()[other] || r.place.i32()[at] < r.group_capacity(g)) continue;
          if (r.place.i32()[other] < r.group_capacity(g)) {
            ASSERT_GE(priority(b), priority(a)) << "token " << a << " lost to token " << b;
          }
        }
  }
}

TEST(TokensChoice, InvariantsHoldForRandomSizesAndManyTies) {
  Rng rng(5, RngPurpose::test);
  for (int trial = 0; trial < 200; ++trial) {
    Case c{1 + rng.below(4), 1 + rng.below(30), 1, 1 + rng.below(7), 1, 1 + rng.below(9)};
    c.last = 1 + rng.below(c.tokens);
    c.k = 1 + rng.below(c.experts);
    const Buffer gates = random_gates(c, rng);
    Routing r = routing_of(RouterKind::tokens_choice, gates, c.tokens, c.k, c.capacity);
    r.last_capacity = 1 + rng.below(c.capacity);
    Arena arena;
    choose_by_tokens(r, false, arena);
    ASSERT_NO_FATAL_FAILURE(check_places(r));
    ASSERT_NO_FATAL_FAILURE(check_pairs(r));
    choose_by_tokens(r, true, arena);
    ASSERT_NO_FATAL_FAILURE(check_places(r));
    ASSERT_NO_FATAL_FAILURE(check_pairs(r));
    ASSERT_NO_FATAL_FAILURE(check_priority(r));
  }
}

}  // namespace
}  // namespace moescope
