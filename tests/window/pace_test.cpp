// When the window draws.
#include "window/pace.h"

#include <gtest/gtest.h>

namespace moescope {
namespace {

/// Frames drawn in `secs` when data come `data_hz` times a second and a frame costs `cost` seconds.
int frames_drawn(Pace pace, double secs, double data_hz, double cost, bool touched) {
  int frames = 0;
  double next_data = 0;
  for (double now = 0; now < secs; now += 0.001) {
    if (data_hz > 0 && now >= next_data) pace.data(), next_data += 1 / data_hz;
    if (touched) pace.input(now);
    if (!pace.due(now)) continue;
    ++frames;
    now += cost;
    pace.drawn(now, cost);
  }
  return frames;
}

TEST(Pace, NothingNewMeansNoFrames) {
  const int frames = frames_drawn(Pace(), 10, 0, 0.002, false);
  EXPECT_EQ(frames, 2);  // the first picture, and the one that shows what it found
}

TEST(Pace, SnapshotsAreDrawnThirtyTimesASecondAtMost) {
  const int frames = frames_drawn(Pace(), 10, 200, 0.002, false);
  EXPECT_GE(frames, 270);
  EXPECT_LE(frames, 302);
}

TEST(Pace, ASlowRasteriserTakesATenthOfTheTimeOfAnUntouchedWindow) {
  const double cost = 0.04;  // software OpenGL on two busy cores
  const int frames = frames_drawn(Pace(), 20, 30, cost, false);
  EXPECT_LE(frames * cost, 20 * 0.11);
  EXPECT_GE(frames * cost, 20 * 0.08);
}

TEST(Pace, EvenAHopelesslySlowRasteriserShowsNewDataEachSecond) {
  const int frames = frames_drawn(Pace(), 20, 30, 0.3, false);  // a tenth of the time would be a frame in 3 s
  EXPECT_GE(frames, 14);
}

TEST(Pace, AHandOnTheMouseIsFollowed) {
  const int frames = frames_drawn(Pace(), 2, 0, 0.004, true);
  EXPECT_GE(frames, 90);
  EXPECT_LE(frames, 122);
}

TEST(Pace, WaitsUntilTheNextFrameIsDue) {
  Pace pace;
  pace.drawn(0, 0.001), pace.drawn(0.02, 0.001);
  EXPECT_DOUBLE_EQ(pace.wait_secs(0.03), Pace::kPollSecs);  // idle: only looks whether something came
  pace.data();
  EXPECT_NEAR(pace.wait_secs(0.03), 0.02 + Pace::kDataSecs - 0.03, 1e-9);
  EXPECT_FALSE(pace.due(0.03));
  EXPECT_TRUE(pace.due(0.06));
}

TEST(Pace, ATimerDrawsOnceAtItsTime) {
  Pace pace;
  pace.drawn(0, 0.001), pace.drawn(0.02, 0.001);
  pace.timer(0.5);
  EXPECT_FALSE(pace.due(0.49));
  EXPECT_TRUE(pace.due(0.5));
  pace.drawn(0.5, 0.001);
  EXPECT_FALSE(pace.due(5));
}

TEST(FrameStats, PercentilesComeFromTheLastFrames) {
  FrameStats stats;
  EXPECT_EQ(stats.build_percentile(0.5), 0);
  for (int i = 1; i <= 1000; ++i) stats.add_build(i);
  EXPECT_NEAR(stats.build_percentile(0.5), 744, 2);  // of 489 .. 1000
  EXPECT_EQ(stats.build_percentile(1), 1000);
}

}  // namespace
}  // namespace moescope
