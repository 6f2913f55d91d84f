// What the recorder forgets when memory runs short, and what it never does.
#include "app/runs/event_backlog.h"

#include <gtest/gtest.h>

namespace moescope {
namespace {

Event checkpoint(int64_t step, bool rolling) {
  return CheckpointTaken{.step = step,
                         .wall_secs = 0,
                         .rolling = rolling,
                         .reason = "",
                         .bytes = std::make_shared<const std::vector<std::byte>>(1000)};
}

Event map_of_floats(size_t count) {
  RoutingTaken taken;
  taken.map.combine.resize(count);
  return taken;
}

TEST(EventBacklog, ARollingCheckpointTakesThePlaceOfTheOneBeforeIt) {
  EventBacklog backlog(1 << 30);
  backlog.add(checkpoint(1, false));
  backlog.add(checkpoint(2, true));
  backlog.add(MetricsTaken{});
  backlog.add(checkpoint(3, true));
  ASSERT_EQ(backlog.events().size(), 3u);  // the asked one, the metrics, the last rolling one
  EXPECT_EQ(std::get<CheckpointTaken>(backlog.events()[0]).step, 1);
  EXPECT_EQ(std::get<CheckpointTaken>(backlog.events()[2]).step, 3);
  EXPECT_EQ(backlog.num_bytes(), 3 * static_cast<int64_t>(sizeof(Event)) + 2000);
}

TEST(EventBacklog, TheLastRollingCheckpointOfAnEarlierRunStays) {
  EventBacklog backlog(1 << 30);
  backlog.add(RunStarted{});
  backlog.add(checkpoint(100, true));
  backlog.add(RunStarted{});
  backlog.add(checkpoint(1, true));
  EXPECT_EQ(backlog.events().size(), 4u);
}

TEST(EventBacklog, AboveTheBoundTheOldestMapsGoAndNothingElse) {
  EventBacklog backlog(10'000);
  backlog.add(RunStarted{});
  backlog.add(map_of_floats(1000));  // 4 kB each
  backlog.add(map_of_floats(1001));
  backlog.add(map_of_floats(1002));
  for (int i = 0; i < 100; ++i) backlog.add(MetricsTaken{{Metric{.key = "train/loss"}}});
  EXPECT_EQ(backlog.num_dropped_maps(), 3);
  EXPECT_EQ(backlog.events().size(), 101u);
  backlog.clear();
  EXPECT_EQ(backlog.num_bytes(), 0);
  EXPECT_EQ(backlog.num_dropped_maps(), 3);  // still to be told
}

TEST(EventBacklog, TheNewestMapsAreTheOnesKept) {
  EventBacklog backlog(static_cast<int64_t>(2 * sizeof(Event)) + 9000);
  for (const size_t count : {1000, 1001, 1002}) backlog.add(map_of_floats(count));
  ASSERT_EQ(backlog.events().size(), 2u);
  EXPECT_EQ(std::get<RoutingTaken>(backlog.events()[0]).map.combine.size(), 1001u);
  EXPECT_EQ(std::get<RoutingTaken>(backlog.events()[1]).map.combine.size(), 1002u);
}

}  // namespace
}  // namespace moescope
