// The window on a run whose looks the device keeps: the same picture as from the host's numbers, pixel for pixel.
#include "support/ui_real_window.h"

#include "compute/models/device_model.h"
#include "compute/records/device_maps.h"
#include "compute/train/trainer.h"
#include "compute/train/trainer_thread.h"
#include "compute/train/watch.h"
#include "support/device_on_host.h"
#include "support/synthetic_dataset.h"
#include "support/ui_demo_run.h"

namespace moescope {
namespace {

/// A run that stands still, with a look of the device on view.
class StandingRun : public demo::DemoRun {
 public:
  StandingRun(RouterKind kind, const Snapshot& shown) : DemoRun(kind), shown_(std::make_shared<Snapshot>(shown)) {}
  bool take(std::shared_ptr<const Snapshot>& out) override {
    if (!shown_) return false;
    out = std::exchange(shown_, nullptr);
    return true;
  }
  void send(Command) override {}

 private:
  std::shared_ptr<const Snapshot> shown_;
};

Snapshot snapshot_of(RouterKind kind) {
  RunConfig config = tiny_config(kind);
  config.compute.device = DeviceKind::cuda;
  const auto dataset = std::make_shared<SyntheticDataset>();
  Trainer trainer(config, dataset);
  Watcher watcher(dataset, PixelScale::standardize);
  watcher.watch({{3, nullptr, "test 3"}}, -1);
  EXPECT_EQ(trainer.step(), Trainer::Advance::stepped);
  Snapshot snapshot;
  snapshot.state = RunState::paused;
  snapshot.config = config;
  snapshot.step = 1, snapshot.total_steps = 100;
  snapshot.device = trainer.device()->description();
  snapshot.class_names = dataset->info().class_names;
  snapshot.images = trainer.look(watcher);
  return snapshot;
}

/// A run that trains on its own thread.
class TrainingRun : public demo::DemoRun {
 public:
  explicit TrainingRun(const RunSetup& setup) : DemoRun(setup.config.router.kind), trainer_(setup) {}
  bool take(std::shared_ptr<const Snapshot>& out) override { return trainer_.snapshots().take(out); }
  void send(Command command) override { trainer_.commands().push(std::move(command)); }

 private:
  TrainerThread trainer_;
};

class DeviceWindow : public demo::RealWindow {
 protected:
  /// What is on screen when all has settled, after `keys`.
  ImagePixels picture_of(RouterKind kind, const Snapshot& snapshot, const std::string& keys) {
    StandingRun run(kind, snapshot);
    WindowOptions options;
    options.scale = 1;
    window_ = std::make_unique<Window>(options, run);
    turns(10);
    if (!keys.empty()) hand("key " + keys);
    EXPECT_TRUE(until([&, quiet = 0, last = int64_t{-1}]() mutable {
      quiet = window_->stats().frames == last ? quiet + 1 : 0;
      last = window_->stats().frames;
      return quiet > 10;
    }));
    ImagePixels picture = window_->screenshot();
    window_.reset();
    return picture;
  }
  DeviceOnHost host_;
};

TEST_F(DeviceWindow, ShowsTheSameFromTheDeviceAsFromTheHost) {
  for (const auto& [kind, keys] : {std::pair<RouterKind, std::string>{RouterKind::soft, ""},
                                   {RouterKind::soft, "a"},
                                   {RouterKind::tokens_choice, ""}}) {
    SCOPED_TRACE(static_cast<int>(kind));
    host_.control("reset", 0);
    host_.control("gl_device", 0);
    Snapshot snapshot = snapshot_of(kind);
    ASSERT_TRUE(snapshot.images[0].on_device);
    const ImagePixels from_device = picture_of(kind, snapshot, keys);
    const int64_t writes = host_.control("gl_writes");
    EXPECT_GE(writes, kind == RouterKind::soft ? 3 : 1) << "dispatch, combine and the strip; the gates";
    snapshot.images[0].on_device.reset();
    const ImagePixels from_host = picture_of(kind, snapshot, keys);
    EXPECT_EQ(host_.control("gl_writes"), writes);
    EXPECT_EQ(host_.control("gl_misuses"), 0);
    ASSERT_EQ(from_device.values.size(), from_host.values.size());
    EXPECT_TRUE(from_device.values == from_host.values) << "pictures differ";
  }
}

TEST_F(DeviceWindow, DrawsWhatARunInTrainingLeavesOnTheDevice) {
  host_.control("gl_device", 0);
  RunSetup setup;
  setup.config = tiny_config(RouterKind::soft);
  setup.config.compute.device = DeviceKind::cuda;
  setup.config.train.batch_size = 8;
  setup.dataset = std::make_shared<SyntheticDataset>();
  setup.stop_rule = "steps=10";
  setup.watched = {{3, nullptr, "test 3"}};
  TrainingRun run(setup);
  WindowOptions options;
  options.scale = 1;
  window_ = std::make_unique<Window>(options, run);
  EXPECT_TRUE(until([&] {
    const auto s = window_->snapshot();
    return s && s->state == RunState::finished && !s->images.empty() && s->images[0].step == 10;
  }));
  turns(4);
  EXPECT_GE(host_.control("gl_writes"), 3);
  EXPECT_EQ(host_.control("gl_misuses"), 0);
  EXPECT_TRUE(window_->snapshot()->images[0].on_device);
  window_.reset();
}

TEST_F(DeviceWindow, SaysThatHeatMapsComeByWayOfTheHost) {
  const Snapshot snapshot = snapshot_of(RouterKind::soft);
  StandingRun run(RouterKind::soft, snapshot);
  WindowOptions options;
  options.scale = 1;
  window_ = std::make_unique<Window>(options, run);
  EXPECT_TRUE(until([&] { return window_->workspace().banner().height({}, {}) > 0; }));
  picture("heat_maps_by_way_of_the_host");
  EXPECT_EQ(host_.control("gl_writes"), 0);
  window_.reset();  // before the run, as a window closes
}

}  // namespace
}  // namespace moescope
