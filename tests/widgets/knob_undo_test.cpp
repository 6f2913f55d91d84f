// Undo of knobs: what can be taken back, and that taking back is a command like any other.
#include "widgets/panels/knob_undo.h"

#include <gtest/gtest.h>

namespace moescope::panels {
namespace {

const std::string kRate = "train.learning_rate", kNoise = "router.noise_std";

/// The person sets a knob, and the run applies it.
void set(KnobUndo& undo, const std::string& key, const std::string& before, const std::string& after, double secs) {
  undo.sent({SetField{key, after}});
  undo.applied({{3, secs, key, before, after}});
}

TEST(KnobUndo, TakesChangesBackInTheirOrderAndGivesThemAgain) {
  KnobUndo undo;
  EXPECT_FALSE(undo.undo());
  set(undo, kRate, "0.1", "0.2", 10);
  set(undo, kNoise, "1", "0", 20);
  const auto first = undo.undo();
  ASSERT_TRUE(first);
  EXPECT_EQ(first->key, kNoise);
  EXPECT_EQ(first->value, "1");
  undo.sent({*first});
  undo.applied({{4, 21, kNoise, "0", "1"}});  // the run obeys: no new change
  const auto second = undo.undo();
  ASSERT_TRUE(second);
  EXPECT_EQ(second->value, "0.1");
  EXPECT_FALSE(undo.undo());
  const auto again = undo.redo();
  ASSERT_TRUE(again);
  EXPECT_EQ(again->key, kRate);
  EXPECT_EQ(again->value, "0.2");
  EXPECT_TRUE(undo.can_redo());  // the noise
}

TEST(KnobUndo, ADragIsOneChange) {
  KnobUndo undo;
  set(undo, kNoise, "1", "0.9", 10);
  set(undo, kNoise, "0.9", "0.7", 10.2);
  set(undo, kNoise, "0.7", "0.5", 10.4);
  set(undo, kNoise, "0.5", "0.1", 20);  // another one, later
  EXPECT_EQ(undo.undo()->value, "0.5");
  EXPECT_EQ(undo.undo()->value, "1");
  EXPECT_FALSE(undo.can_undo());
}

TEST(KnobUndo, ANewChangeForgetsWhatWasTakenBack) {
  KnobUndo undo;
  set(undo, kRate, "0.1", "0.2", 10);
  const auto back = undo.undo();
  undo.sent({*back});
  undo.applied({{4, 11, kRate, "0.2", "0.1"}});
  set(undo, kRate, "0.1", "0.3", 30);
  EXPECT_FALSE(undo.can_redo());
  EXPECT_EQ(undo.undo()->value, "0.1");
}

TEST(KnobUndo, WhatThePersonDidNotDoHereIsNotTakenBack) {
  KnobUndo undo;
  undo.applied({{0, 1, kRate, "0.1", "0.2"}, {0, 1, "run", "running", "paused"}});  // a resumed run's past
  EXPECT_FALSE(undo.can_undo());
}

}  // namespace
}  // namespace moescope::panels
