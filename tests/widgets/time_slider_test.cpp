// The slider of time: which stored step a hand on it means.
#include "widgets/panels/time_slider.h"

#include <gtest/gtest.h>

#include "support/ui_demo.h"
#include "support/ui_stage.h"

namespace moescope::panels {
namespace {

/// A run at step 100 of 200 with the steps 0, 40 and 80 stored; the track goes from x 5 to x 405.
struct TimeStage : demo::Stage {
  TimeStage() : Stage(410, 60) {
    snapshot.step = 100, snapshot.total_steps = 200;
    for (const int64_t step : {0, 40, 80}) {
      CheckpointInfo info;
      info.checkpoint_id = step / 40 + 1, info.step = step, info.rolling = step != 80;
      info.reason = info.rolling ? "rolling" : "asked";
      stored.push_back(info);
    }
    seen.snapshot = &snapshot;
    seen.checkpoints = stored;
    show([this] {
      slider.take_keys(seen);
      slider.draw_ui({0, 10, 410, 40}, seen, history);
    });
    frame();
  }
  Snapshot snapshot = demo::snapshot(RouterKind::soft, 100);
  std::vector<CheckpointInfo> stored;
  Seen seen;
  History history;
  TimeSlider slider;
};

TEST(TimeSlider, TakesTheNearestStoredStepAndSaysSo) {
  TimeStage stage;
  stage.move(5 + 2 * 55, 30);  // step 55
  stage.press();
  ASSERT_TRUE(stage.slider.chosen());
  EXPECT_EQ(stage.slider.chosen()->checkpoint.step, 40);
  EXPECT_EQ(where_text(*stage.slider.chosen()), "step 55 is not stored, the nearest is 40 (rolling)");
  EXPECT_EQ(stage.slider.take_choice(), 2);
  stage.frame();
  EXPECT_FALSE(stage.slider.take_choice());  // once
  stage.move(5 + 2 * 80, 30);
  EXPECT_EQ(stage.slider.take_choice(), 3);
  EXPECT_EQ(where_text(*stage.slider.chosen()), "step 80, stored as: asked");
  stage.release();
}

TEST(TimeSlider, RightOfTheRunIsTheRunItself) {
  TimeStage stage;
  stage.drag(5 + 2 * 100, 30, 5 + 2 * 10, 30);
  ASSERT_TRUE(stage.slider.chosen());
  EXPECT_EQ(stage.slider.chosen()->checkpoint.step, 0);
  stage.slider.take_choice();
  stage.drag(5, 30, 5 + 2 * 95, 30);  // nearer to 100, where the run is, than to 80
  EXPECT_FALSE(stage.slider.chosen());
  EXPECT_EQ(stage.slider.take_choice(), -1);
}

TEST(TimeSlider, KeysWalkTheStoredSteps) {
  TimeStage stage;
  stage.type("<");
  ASSERT_TRUE(stage.slider.chosen());
  EXPECT_EQ(stage.slider.chosen()->checkpoint.step, 80);
  stage.type("<");
  EXPECT_EQ(stage.slider.chosen()->checkpoint.step, 40);
  stage.type("<");
  stage.type("<");  // nothing lies before the first
  EXPECT_EQ(stage.slider.chosen()->checkpoint.step, 0);
  stage.type(">>>");
  EXPECT_FALSE(stage.slider.chosen());
}

TEST(TimeSlider, WithoutStoredStepsNothingMoves) {
  TimeStage stage;
  stage.seen.checkpoints = {};
  stage.drag(5 + 2 * 100, 30, 5 + 2 * 10, 30);
  stage.type("<");
  EXPECT_FALSE(stage.slider.chosen());
  EXPECT_FALSE(stage.slider.take_choice());
}

}  // namespace
}  // namespace moescope::panels
