// The learning rate by hand at the joints of each schedule; the long series are golden (conform_optim).
#include "compute/train/schedule.h"

#include <gtest/gtest.h>

#include "compute/records/error.h"

namespace moescope {
namespace {

TrainConfig config(ScheduleKind schedule) {
  TrainConfig c;
  c.schedule = schedule;
  c.learning_rate = 0.8;
  c.end_learning_rate = 0.2;
  c.warmup_steps = 4;
  c.timescale = 3;
  return c;
}

TEST(Schedule, TheFirstUpdateOfAWarmedUpRunHasRateZero) {
  for (const auto schedule :
       {ScheduleKind::constant, ScheduleKind::cosine, ScheduleKind::linear, ScheduleKind::rsqrt}) {
    EXPECT_EQ(learning_rate(config(schedule), 20, 0), 0);
    EXPECT_DOUBLE_EQ(learning_rate(config(schedule), 20, 1), 0.2);  // 0.8 * 1/4
    EXPECT_DOUBLE_EQ(learning_rate(config(schedule), 20, 4), 0.8);  // the peak, right after the warm-up
  }
}

TEST(Schedule, AWholeCosineIsMultipliedByTheWarmUp) {
  const TrainConfig c = config(ScheduleKind::whole_cosine);  // 0.8 to 0.2 over 20 steps, warm-up 4
  EXPECT_EQ(learning_rate(c, 20, 0), 0);
  EXPECT_NEAR(learning_rate(c, 20, 2), 0.5 * (0.2 + 0.3 * (1 + 0.95105651629515357)), 1e-15);  // cos 18 degrees
  EXPECT_DOUBLE_EQ(learning_rate(c, 20, 10), 0.5);
  EXPECT_DOUBLE_EQ(learning_rate(c, 20, 20), 0.2);
}

TEST(Schedule, ConstantStaysAtThePeak) { EXPECT_EQ(learning_rate(config(ScheduleKind::constant), 20, 1000), 0.8); }

TEST(Schedule, LinearAndCosineAreHalfwayInTheMiddleAndStayAtTheEnd) {
  for (const auto schedule : {ScheduleKind::linear, ScheduleKind::cosine}) {
    EXPECT_DOUBLE_EQ(learning_rate(config(schedule), 20, 12), 0.5);  // 8 of 16 steps: (0.8 + 0.2) / 2
    EXPECT_DOUBLE_EQ(learning_rate(config(schedule), 20, 20), 0.2);
    EXPECT_DOUBLE_EQ(learning_rate(config(schedule), 20, 25), 0.2);
  }
  EXPECT_DOUBLE_EQ(learning_rate(config(ScheduleKind::linear), 20, 8), 0.65);  // a quarter of the way
}

TEST(Schedule, RsqrtHalvesAfterThreeTimescalesAndCoolsDownToZero) {
  TrainConfig c = config(ScheduleKind::rsqrt);
  EXPECT_DOUBLE_EQ(learning_rate(c, 20, 13), 0.4);  // 0.8 / sqrt(1 + 9/3)
  c.cooldown_steps = 7;                             // from step 13 on, where 0.4 was reached
  EXPECT_DOUBLE_EQ(learning_rate(c, 20, 13), 0.4);
  EXPECT_DOUBLE_EQ(learning_rate(c, 20, 20), 0);
  EXPECT_DOUBLE_EQ(learning_rate(c, 20, 30), 0) << "vmoe's formula would go negative here";
}

TEST(Schedule, WithoutWarmUpTheFirstStepIsAtThePeak) {
  TrainConfig c = config(ScheduleKind::cosine);
  c.warmup_steps = 0;
  EXPECT_EQ(learning_rate(c, 20, 0), 0.8);
}

TEST(Schedule, AScheduleNoLongerThanItsWarmUpIsAtItsEndAfterIt) {
  EXPECT_DOUBLE_EQ(learning_rate(config(ScheduleKind::linear), 4, 4), 0.2);
  EXPECT_DOUBLE_EQ(learning_rate(config(ScheduleKind::cosine), 2, 5), 0.2);
}

TEST(Schedule, LengthIsAllEpochsUnlessGiven) {
  TrainConfig c = config(ScheduleKind::cosine);
  c.epochs = 2.5;
  EXPECT_EQ(schedule_length(c, 10), 25);
  c.schedule_steps = 7;
  EXPECT_EQ(schedule_length(c, 10), 7);
}

TEST(Schedule, ACosineWithoutLengthIsRefused) {
  TrainConfig c = config(ScheduleKind::cosine);
  c.epochs = 0;
  try {
    schedule_length(c, 10);
    FAIL() << "no error";
  } catch (const ConfigError& error) {
    EXPECT_STREQ(
        error.what(),
        "train.schedule has no length because train.epochs and train.schedule_steps are 0; set one of them, or "
        "train.schedule=constant");
  }
  c.schedule = ScheduleKind::constant;
  EXPECT_EQ(schedule_length(c, 10), 0);
}

}  // namespace
}  // namespace moescope
