// Stop rules: what is read, what is refused and how, and when a run ends.
#include "compute/records/stop_rule.h"

#include <gtest/gtest.h>

#include "compute/records/error.h"

namespace moescope {
namespace {

std::string error_of(std::string_view text) {
  try {
    parse_stop_rule(text);
  } catch (const ConfigError& error) { return error.what(); }
  return "no error";
}

TEST(StopRule, ReadsAllKindsAndWritesThemBack) {
  const StopRule rule = parse_stop_rule("accuracy=0.9, epochs=1.5,seconds=60,steps=1000");
  EXPECT_EQ(rule.steps, 1000);
  EXPECT_EQ(rule.epochs, 1.5);
  EXPECT_EQ(rule.seconds, 60);
  EXPECT_EQ(rule.accuracy, 0.9);
  EXPECT_EQ(to_text(rule), "steps=1000,epochs=1.5,seconds=60,accuracy=0.9");
  EXPECT_EQ(parse_stop_rule(to_text(rule)), rule);
}

TEST(StopRule, EmptyNeverStops) {
  const StopRule rule = parse_stop_rule("  ");
  EXPECT_TRUE(rule.empty());
  EXPECT_EQ(
      stop_reason(rule, {.step = 1'000'000, .steps_per_epoch = 1, .active_secs = 1e9, .step_secs = 1, .accuracy = 1}),
      "");
  EXPECT_EQ(eta_secs(rule, {.step = 3, .steps_per_epoch = 1, .active_secs = 1, .step_secs = 1, .accuracy = 1}), -1);
}

TEST(StopRule, RefusesInOneSentenceWithARemedy) {
  EXPECT_EQ(error_of("step=3"),
            "stop rule has no condition 'step'; did you mean steps=N? (steps=N, epochs=N, seconds=N, accuracy=X)");
  EXPECT_EQ(error_of("epochs=two"), "stop rule epochs=two needs a number above 0; write for example epochs=100");
  EXPECT_EQ(error_of("seconds"), "stop rule seconds= needs a number above 0; write for example seconds=100");
  EXPECT_EQ(error_of("steps=-1"), "stop rule steps=-1 needs a number above 0; write for example steps=100");
  EXPECT_EQ(error_of("steps=nan"), "stop rule steps=nan needs a number above 0; write for example steps=100");
  EXPECT_EQ(error_of("steps=1.5"), "stop rule steps=1.5 is not a whole number of steps");
  EXPECT_EQ(error_of("epochs=1e300"), "stop rule epochs=1e300 is more than any run does; write a smaller number");
  EXPECT_EQ(error_of("accuracy=90"),
            "stop rule accuracy=90 is above 1; accuracy is a share, write accuracy=0.9 for 90 %");
  EXPECT_EQ(error_of("steps=1,steps=2"), "stop rule names steps twice; keep one of them");
  EXPECT_EQ(error_of("epochs=1,epochs=2"), "stop rule names epochs twice; keep one of them");
  EXPECT_NE(error_of("steps=1,"), "no error");
}

TEST(StopRule, WhateverComesFirstEndsTheRun) {
  const StopRule rule = parse_stop_rule("steps=100,epochs=3,seconds=60,accuracy=0.9");
  EXPECT_EQ(last_step(rule, 10), 30);
  EXPECT_EQ(last_step(rule, 1000), 100);
  Progress p{.step = 29, .steps_per_epoch = 10, .active_secs = 59, .step_secs = 0, .accuracy = 0.89};
  EXPECT_EQ(stop_reason(rule, p), "");
  p.step = 30;
  EXPECT_EQ(stop_reason(rule, p), "epochs=3 reached");
  p.step = 100, p.steps_per_epoch = 1000;
  EXPECT_EQ(stop_reason(rule, p), "steps=100 reached");
  p.step = 1, p.active_secs = 60;
  EXPECT_EQ(stop_reason(rule, p), "seconds=60 reached");
  p.active_secs = 1, p.accuracy = 0.9;
  EXPECT_EQ(stop_reason(rule, p), "accuracy=0.9 reached");
}

TEST(StopRule, AnEpochBegunCountsWhole) {
  EXPECT_EQ(last_step(parse_stop_rule("epochs=0.25"), 10), 3);  // 2.5 steps
  EXPECT_EQ(last_step(parse_stop_rule("epochs=0.1"), 30), 3);   // 0.1 * 30 is a little above 3 in binary
}

TEST(StopRule, EtaIsTheSoonestEnd) {
  const Progress p{.step = 10, .steps_per_epoch = 100, .active_secs = 50, .step_secs = 0.5, .accuracy = -1};
  EXPECT_DOUBLE_EQ(eta_secs(parse_stop_rule("steps=30"), p), 10);            // 20 steps of half a second
  EXPECT_DOUBLE_EQ(eta_secs(parse_stop_rule("steps=30,seconds=52"), p), 2);  // the clock is first
  EXPECT_DOUBLE_EQ(eta_secs(parse_stop_rule("seconds=10"), p), 0);           // overdue
  EXPECT_EQ(eta_secs(parse_stop_rule("accuracy=0.9"), p), -1);
}

}  // namespace
}  // namespace moescope
