// Which of a router's settings change nothing, and what is said of them.
#include "compute/records/idle_fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compute/records/config_fields.h"

namespace moescope {
namespace {

using testing::HasSubstr;

RunConfig config_of(RouterKind kind) {
  RunConfig config;
  config.router.kind = kind;
  return config;
}

TEST(IdleFields, OfASoftMoe) {
  RunConfig config = config_of(RouterKind::soft);
  config.router.slots_per_expert = 3;
  EXPECT_THAT(why_idle(config, "router.capacity_factor"), HasSubstr("router.slots_per_expert=3 says how many"));
  EXPECT_THAT(why_idle(config, "router.k"), HasSubstr("only router.kind=tokens_choice has it, and this is soft"));
  EXPECT_NE(why_idle(config, "router.eval_capacity_factor"), "");
  EXPECT_EQ(why_idle(config, "router.temperature"), "");
  EXPECT_EQ(why_idle(config, "router.noise_std"), "");
  config.router.slots_per_expert = 0;
  EXPECT_EQ(why_idle(config, "router.capacity_factor"), "") << "it decides then";
  EXPECT_NE(why_idle_in_evaluation(config, "router.capacity_factor"), "") << "the weights have their slots";
  config.router.mixing = SoftMixing::uniform;
  EXPECT_THAT(why_idle(config, "router.temperature"), HasSubstr("router.mixing=uniform"));
}

TEST(IdleFields, OfSparseRouters) {
  RunConfig config = config_of(RouterKind::tokens_choice);
  for (const char* key : {"router.k", "router.bpr", "router.capacity_factor", "router.eval_capacity_factor",
                          "router.temperature", "router.noise_std", "router.load_weight"})
    EXPECT_EQ(why_idle(config, key), "") << key;
  EXPECT_NE(why_idle(config, "router.slots_per_expert"), "");
  EXPECT_EQ(why_idle_in_evaluation(config, "router.capacity_factor"), "");
  EXPECT_THAT(why_idle_in_evaluation(config, "router.noise_std"), HasSubstr("in training alone"));
  config.router.eval_capacity_factor = 2;
  EXPECT_THAT(why_idle_in_evaluation(config, "router.capacity_factor"), HasSubstr("router.eval_capacity_factor=2"));
  EXPECT_EQ(why_idle_in_evaluation(config, "router.eval_capacity_factor"), "");
  EXPECT_NE(why_idle(config_of(RouterKind::experts_choice), "router.k"), "");
  EXPECT_EQ(why_idle(config_of(RouterKind::experts_choice), "router.capacity_factor"), "");
}

TEST(IdleFields, OfADenseModelAndOfOtherParts) {
  const RunConfig config = config_of(RouterKind::dense);
  EXPECT_THAT(why_idle(config, "router.temperature"), HasSubstr("router.kind=dense"));
  EXPECT_EQ(why_idle(config, "router.kind"), "");
  EXPECT_EQ(why_idle(config, "train.learning_rate"), "");
  EXPECT_THROW(why_idle(config, "router.no_such"), ConfigError);
}

}  // namespace
}  // namespace moescope
