// Looks beside training: they see the values of the last step that began before them, whatever runs meanwhile, and the
// steps go on as if nobody looked. A missing wait on either side is caught.
#include <gtest/gtest.h>

#include <vector>

#include "compute/core/mailbox.h"
#include "compute/core/queue.h"
#include "compute/models/device_model.h"
#include "compute/train/device_training.h"
#include "compute/train/run_loop.h"
#include "compute/train/watch.h"
#include "support/device_on_host.h"
#include "support/synthetic_dataset.h"

namespace moescope {
namespace {

using device_api::kBesideSlot;

const std::shared_ptr<const Dataset>& textures() {
  static const std::shared_ptr<const Dataset> dataset = std::make_shared<SyntheticDataset>();
  return dataset;
}

RunConfig device_config(RouterKind kind = RouterKind::soft) {
  RunConfig config = tiny_config(kind);
  config.compute.device = DeviceKind::cuda;
  return config;
}

/// A dense model; every update changes the logits of a fixed image.
class StepsAndLooks {
 public:
  explicit StepsAndLooks(const DeviceOnHost& host) : model_(tiny_config(RouterKind::dense), {8, 8, 1, 4}) {
    model_.parameters().allocate(host_memory(), 1);
    device_ = std::make_unique<DeviceModel>(host.plugin(), model_, Precision::float32);
    update_ = look_ = empty_plan();
    for (device_api::StepPlan* plan : {&update_, &look_})
      set_router(model_.config().router, model_.tokens_per_image(), plan == &update_, *plan);
    set_update(model_.config().train, update_);
    update_.parts = look_.parts = 1, update_.images = 4, look_.images = 1;
    update_.gradient_scale = 0.25f, update_.backward = update_.update = look_.keep_outputs = 1;
    for (const int slot : {0, 1, 0, 1}) stage_update(slot), launch(slot), end(slot);  // measured, then captured
    for (int i = 0; i < 2; ++i) stage_look(), launch(kBesideSlot), logits();
  }
  void stage_update(int slot) {
    const std::vector<float> images(4 * 64, 0.5f), targets(16, 0.25f);
    const auto stretches = update_stretches(model_.parameters(), model_.config().train, 0, 0.05);
    device_api::StepInput input{};
    input.images = images.data(), input.targets = targets.data();
    input.stretches = stretches.data(), input.num_stretches = static_cast<int64_t>(stretches.size());
    device_->stage(slot, update_, input);
  }
  void stage_look() {
    const std::vector<float> image(64, 1);
    device_api::StepInput input{};
    input.images = image.data();
    device_->stage(kBesideSlot, look_, input);
  }
  void launch(int slot) { device_->launch(slot); }
  void end(int slot) { device_->end(slot); }
  std::vector<float> logits() {
    const device_api::StepResult result = device_->end(kBesideSlot);
    return {result.logits, result.logits + 4};
  }

 private:
  VisionTransformer model_;
  std::unique_ptr<DeviceModel> device_;
  device_api::StepPlan update_, look_;
};

struct Seen {
  std::vector<float> before, after;  // of two looks, an update between them
  bool operator==(const Seen&) const = default;
};

Seen one_after_the_other() {
  const DeviceOnHost host;
  StepsAndLooks both(host);
  const auto look = [&] { return both.stage_look(), both.launch(kBesideSlot), both.logits(); };
  const auto update = [&] { both.stage_update(0), both.launch(0), both.end(0); };
  update();
  Seen seen{look(), {}};
  update();
  seen.after = look();
  EXPECT_NE(seen.before, seen.after);
  return seen;
}

enum class Forgotten { nothing, the_looks_wait, the_steps_wait };

/// A look is queued behind one update and before another, and nothing is waited for until all are.
Seen all_at_once(int64_t seed, Forgotten forgotten) {
  const DeviceOnHost host;
  StepsAndLooks both(host);
  host.control("seed", seed);
  both.stage_update(0), both.stage_look(), both.stage_update(1);
  both.launch(0);
  if (forgotten == Forgotten::the_looks_wait) host.control("ignore_wait", 1);
  both.launch(kBesideSlot);
  if (forgotten == Forgotten::the_steps_wait) host.control("ignore_wait", 1);
  both.launch(1);
  both.end(1);
  Seen seen{both.logits(), {}};
  both.stage_look(), both.launch(kBesideSlot);
  seen.after = both.logits();
  return seen;
}

TEST(Beside, ALookSeesTheValuesThatWereThereWhenItBegan) {
  const Seen want = one_after_the_other();
  for (const int64_t seed : {0, 1, 2, 3}) EXPECT_EQ(all_at_once(seed, Forgotten::nothing), want) << "seed " << seed;
}

TEST(Beside, ALookThatDoesNotWaitForTheLastUpdateIsCaught) {
  const Seen want = one_after_the_other();
  int caught = 0;
  for (const int64_t seed : {0, 1, 2, 3}) caught += all_at_once(seed, Forgotten::the_looks_wait) != want;
  EXPECT_GT(caught, 0) << "in none of the orders";
}

TEST(Beside, AnUpdateThatDoesNotWaitForTheLooksCopyIsCaught) {
  const Seen want = one_after_the_other();
  int caught = 0;
  for (const int64_t seed : {0, 1, 2, 3}) caught += all_at_once(seed, Forgotten::the_steps_wait) != want;
  EXPECT_GT(caught, 0) << "in none of the orders";
}

void expect_step(Trainer& trainer) { ASSERT_EQ(trainer.step(), Trainer::Advance::stepped) << trainer.divergence(); }

std::vector<float> values_of(Trainer& trainer) {
  const Tensor& values = trainer.model().parameters().values();
  return {values.f32(), values.f32() + values.size()};
}

void expect_near(const std::vector<float>& got, const std::vector<float>& want) {
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], want[i], 1e-5) << i;  // another kernel may serve a lane
}

/// Also registered for a real device, see CMakeLists.txt.
TEST(OnTheDeviceBeside, WatchedImagesAreThoseOfTheStepAtWhichTheLookBegan) {
  if (const std::string missing = missing_gpu(); !missing.empty()) GTEST_SKIP() << "no GPU: " << missing;
  const DeviceOnHost host;
  for (const RouterKind kind : {RouterKind::soft, RouterKind::tokens_choice}) {
    RunConfig config = device_config(kind);
    config.train.batch_size = 8;
    config.model.position = PositionKind::sincos2d;  // a table that the second lane needs too
    Trainer trainer(config, textures()), alone(config, textures());
    Watcher watcher(textures(), PixelScale::standardize);
    EXPECT_FALSE(trainer.end_look(watcher)) << "none had begun";
    watcher.watch({{3, nullptr, "test 3"}, {9, nullptr, "test 9"}}, -1);
    for (int round = 0; round < 3; ++round) {  // measured, captured, replayed
      expect_step(trainer);
      const std::vector<ImageView> want = trainer.look(watcher);
      ASSERT_TRUE(trainer.begin_look(watcher));
      expect_step(trainer);
      const auto got = trainer.end_look(watcher);
      ASSERT_TRUE(got && got->size() == 2);
      for (size_t i = 0; i < 2; ++i) {
        EXPECT_EQ((*got)[i].step, 2 * round + 1);
        expect_near((*got)[i].probabilities, want[i].probabilities);
        ASSERT_EQ((*got)[i].routing.size(), 1u);
        for (size_t layer = 0; layer < want[i].routing.size(); ++layer) {
          expect_near((*got)[i].routing[layer].combine, want[i].routing[layer].combine);
          expect_near((*got)[i].routing[layer].gates, want[i].routing[layer].gates);
          EXPECT_EQ((*got)[i].routing[layer].place, want[i].routing[layer].place);
        }
      }
    }
    for (int i = 0; i < 6; ++i) expect_step(alone);
    EXPECT_EQ(values_of(trainer), values_of(alone)) << "training goes on as if nobody had looked";
  }
}

TEST(Beside, WithoutRoomForItsCopyThereIsNoSuchLook) {
  const DeviceOnHost host;
  Trainer trainer(device_config(), textures());
  Watcher watcher(textures(), PixelScale::standardize);
  watcher.watch({{3, nullptr, "test 3"}}, -1);
  expect_step(trainer);
  host.control("memory", host.control("in_use") + 1000);
  EXPECT_FALSE(trainer.begin_look(watcher));
  EXPECT_FALSE(trainer.end_look(watcher));
  host.control("memory", int64_t{8} << 30);
  EXPECT_TRUE(trainer.begin_look(watcher)) << "as soon as there is room";
  expect_step(trainer);
  EXPECT_TRUE(trainer.end_look(watcher));
}

TEST(Beside, ARunShowsItsWatchedImagesAndEndsWithTheLastStepsLook) {
  const DeviceOnHost host;
  RunSetup setup;
  setup.config = device_config();
  setup.config.train.batch_size = 8;
  setup.dataset = textures();
  setup.stop_rule = "steps=6";
  setup.leave_when_finished = true;
  setup.watched = {{3, nullptr, "test 3"}};
  Queue<Command> commands;
  Mailbox<std::shared_ptr<const Snapshot>> snapshots;
  Queue<Event> events;
  RunLoop loop(setup, {commands, snapshots, events});
  loop.prepare();
  std::shared_ptr<const Snapshot> last;
  bool going = true;
  while (going) {
    going = loop.turn();
    if (!snapshots.take(last)) continue;
    ASSERT_EQ(last->images.size(), 1u) << "from the first snapshot on";
    EXPECT_LE(last->images[0].step, last->step);
  }
  ASSERT_TRUE(last);
  EXPECT_EQ(last->step, 6);
  EXPECT_EQ(last->images[0].step, 6);
}

}  // namespace
}  // namespace moescope
