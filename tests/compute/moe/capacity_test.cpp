// Capacity and slots: the rounding of the released code, which is neither the paper's nor Excel's.
#include "compute/moe/capacity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compute/core/error.h"

namespace moescope {
namespace {

using testing::HasSubstr;

TEST(Capacity, VmoeRoundsUpToAMultipleOfFour) {
  // 400 tokens, k = 2, E = 8, factor 1.05: 800 * 1.05 / 8 = 105, and the next multiple of 4 is 108
  EXPECT_EQ(compute_capacity(800, 8, 1.05, CapacityRounding::ceil, 4), 108);
  EXPECT_EQ(compute_capacity(800, 8, 1.05, CapacityRounding::ceil, 1), 105);
  EXPECT_EQ(compute_capacity(800, 8, 1.05, CapacityRounding::ceil, 0), 105);  // 0: not raised either
  EXPECT_EQ(compute_capacity(17, 8, 1.0, CapacityRounding::ceil, 1), 3);      // 2.125
}

TEST(Capacity, HalvesRoundToTheEvenNeighbour) {
  EXPECT_EQ(compute_capacity(10, 4, 1.0, CapacityRounding::round, 1), 2);  // 2.5, down
  EXPECT_EQ(compute_capacity(14, 4, 1.0, CapacityRounding::round, 1), 4);  // 3.5, up
  EXPECT_EQ(compute_capacity(6, 4, 1.0, CapacityRounding::round, 1), 2);   // 1.5, up
  EXPECT_EQ(compute_capacity(1, 4, 1.0, CapacityRounding::round, 1), 0);   // 0.25
}

RouterConfig tokens_choice() {
  RouterConfig router;
  router.kind = RouterKind::tokens_choice;
  router.num_experts = 8;
  router.k = 2;
  router.capacity_factor = 1.05;
  return router;
}

TEST(Capacity, EvaluationHasAFactorOfItsOwn) {
  RouterConfig router = tokens_choice();
  EXPECT_EQ(sparse_capacity(router, 40, false), 11);  // 80 * 1.05 / 8 = 10.5: 0 means as in training
  router.eval_capacity_factor = 4;
  EXPECT_EQ(sparse_capacity(router, 40, true), 11);
  EXPECT_EQ(sparse_capacity(router, 40, false), 40);  // 80 * 4 / 8
}

TEST(Capacity, TokensChoiceMayHaveMoreRoomThanTokensButAnExpertCannotChooseMoreThanThereAre) {
  RouterConfig router = tokens_choice();
  router.capacity_factor = 16;
  EXPECT_EQ(sparse_capacity(router, 40, true), 160);
  router.kind = RouterKind::experts_choice;
  EXPECT_EQ(sparse_capacity(router, 40, true), 40);  // 40 * 16 / 8 = 80, and there are 40
}

TEST(Capacity, NoSlotAtAllIsRefusedUnlessTheGroupWasCutShort) {
  RouterConfig router = tokens_choice();
  router.capacity_factor = 0.1;
  router.capacity_rounding = CapacityRounding::round;
  try {
    sparse_capacity(router, 16, true);  // 32 * 0.1 / 8 = 0.4
    FAIL() << "a capacity of 0 passed";
  } catch (const ConfigError& error) {
    EXPECT_THAT(error.what(), HasSubstr("router.capacity_factor 0.1"));
    EXPECT_THAT(error.what(), HasSubstr("16 tokens"));
    EXPECT_THAT(error.what(), HasSubstr("raise the factor"));
  }
  EXPECT_EQ(partial_group_capacity(router, 16, true), 1);
}

TEST(Capacity, SoftSlotsAreGivenOrAFairShare) {
  RouterConfig router;
  router.num_experts = 4;
  router.capacity_factor = 1;
  router.slots_per_expert = 7;
  EXPECT_EQ(soft_slots_per_expert(router, 10), 7);
  router.slots_per_expert = 0;
  EXPECT_EQ(soft_slots_per_expert(router, 10), 2);  // 2.5 to even, NUMERICS 1.5
  router.num_experts = 64;
  EXPECT_THROW(soft_slots_per_expert(router, 10), ConfigError);
}

}  // namespace
}  // namespace moescope
