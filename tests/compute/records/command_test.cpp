// Commands in words, and the nearest name.
#include "compute/records/command.h"

#include <gtest/gtest.h>

#include "compute/records/nearest_name.h"

namespace {

using namespace moescope;

TEST(Command, SaysItInOneLine) {
  EXPECT_EQ(describe(SetField{"router.k", "2"}), "router.k = 2");
  EXPECT_EQ(describe(SetRunning{false}), "pause");
  EXPECT_EQ(describe(SetStopRule{"epochs=2"}), "stop rule epochs=2");
  EXPECT_EQ(describe(SetStopRule{""}), "stop rule removed");
  EXPECT_EQ(describe(Watch{{WatchedImage{}}, -1}), "watch 1 image in every MoE layer");
}

TEST(Command, LookingIsNotPartOfTheExperiment) {
  EXPECT_TRUE(changes_run(SetField{"router.k", "2"}));
  EXPECT_TRUE(changes_run(SetStopRule{"steps=3"}));
  EXPECT_TRUE(changes_run(RestoreLastGood{}));
  EXPECT_FALSE(changes_run(Watch{}));
  EXPECT_FALSE(changes_run(EvaluateNow{}));
}

TEST(NearestName, CountsEditsAndSwaps) {
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3);  // k>s, e>i, +g
  EXPECT_EQ(edit_distance("nmu", "num"), 1);         // one swap
  EXPECT_EQ(edit_distance("", "abc"), 3);
  const std::string_view names[] = {"model.width", "router.k", "train.epochs"};
  EXPECT_EQ(nearest_name("epoch", names), "train.epochs");
  EXPECT_EQ(nearest_name("rooter.k", names), "router.k");
  EXPECT_EQ(nearest_name("x", {}), "");
}

}  // namespace
