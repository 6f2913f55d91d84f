// What crosses between host and device, and when: nothing that nobody reads, and the next step's images beside the
// present one's work.
#include <gtest/gtest.h>

#include <cmath>

#include "compute/train/trainer.h"
#include "compute/train/watch.h"
#include "support/device_on_host.h"
#include "support/synthetic_dataset.h"

namespace moescope {
namespace {

const std::shared_ptr<const Dataset>& textures() {
  static const std::shared_ptr<const Dataset> dataset = std::make_shared<SyntheticDataset>();
  return dataset;
}

RunConfig device_config(RouterKind kind) {
  RunConfig config = tiny_config(kind);
  config.compute.device = DeviceKind::cuda;
  return config;
}

void expect_step(Trainer& trainer) { ASSERT_EQ(trainer.step(), Trainer::Advance::stepped) << trainer.divergence(); }

std::vector<float> values_of(Trainer& trainer) {
  const Tensor& values = trainer.model().parameters().values();
  return {values.f32(), values.f32() + values.size()};
}

TEST(DeviceHandover, ATrainingStepBringsBackWhatItsReportReads) {
  const DeviceOnHost host;
  Trainer trainer(device_config(RouterKind::dense), textures());
  for (int i = 0; i < 3; ++i) expect_step(trainer);
  const int64_t before = host.control("bytes_to_host");
  expect_step(trainer);
  // Seven stretches of a few numbers each (loss, norm, predictions ...), 256 bytes at least; class logits are none.
  EXPECT_LE(host.control("bytes_to_host") - before, 7 * 256);
}

TEST(DeviceHandover, TheNextBatchGoesUpBesideTheStep) {
  const DeviceOnHost host;
  Trainer trainer(device_config(RouterKind::dense), textures());
  const auto asked_for_in_a_step = [&] {
    const int64_t before = host.control("bytes_to_device");
    expect_step(trainer);
    return host.control("bytes_to_device") - before;
  };
  const int64_t first = asked_for_in_a_step(), second = asked_for_in_a_step();
  const int64_t pixels = trainer.config().train.batch_size * 64;
  EXPECT_GE(second, pixels) << "images of 64 bytes";
  EXPECT_LT(second, 3 * pixels) << "not of 64 floats";
  EXPECT_EQ(first, 2 * second) << "its own and, before it had ended, the next one's";
  trainer.set_field("train.learning_rate", "0.5");
  EXPECT_EQ(asked_for_in_a_step(), 2 * second) << "what was staged under the old rate goes up again";
}

TEST(DeviceHandover, AStepThatDoesNotWaitForItsStagedInputIsCaught) {
  const DeviceOnHost host;
  Trainer trainer(device_config(RouterKind::soft), textures());
  expect_step(trainer);
  host.control("ignore_wait", 1);  // the second step's, for what was staged beside the first
  EXPECT_EQ(trainer.step(), Trainer::Advance::diverged);
}

TEST(DeviceHandover, AfterADivergedStepTheSameBatchComesAgain) {
  const DeviceOnHost host;
  Trainer whole(device_config(RouterKind::soft), textures()), broken(device_config(RouterKind::soft), textures());
  expect_step(whole);
  expect_step(whole);
  expect_step(broken);
  host.control("ignore_wait", 1);
  EXPECT_EQ(broken.step(), Trainer::Advance::diverged);
  expect_step(broken);
  EXPECT_EQ(broken.report().batch_hash, whole.report().batch_hash);
  EXPECT_EQ(values_of(broken), values_of(whole));
}

TEST(DeviceHandover, ALookBringsValuesAndACheckpointTheMomentsToo) {
  const DeviceOnHost host;
  Trainer trainer(device_config(RouterKind::soft), textures());
  for (int i = 0; i < 3; ++i) expect_step(trainer);
  const int64_t flat = trainer.model().parameters().values().bytes();
  expect_step(trainer);
  int64_t before = host.control("bytes_to_host");
  trainer.model();
  EXPECT_EQ(host.control("bytes_to_host") - before, flat);
  before = host.control("bytes_to_host");
  const std::vector<std::byte> saved = trainer.save({});
  EXPECT_EQ(host.control("bytes_to_host") - before, 2 * flat) << "the values were there already";
  expect_step(trainer);
  const std::vector<float> after = values_of(trainer);
  trainer.restore(read_checkpoint(saved, "checkpoint"));
  expect_step(trainer);
  EXPECT_EQ(values_of(trainer), after);
}

TEST(DeviceHandover, ALookOnTheDeviceSeesWhatTheCpuSees) {
  const DeviceOnHost host;
  for (const RouterKind kind : {RouterKind::soft, RouterKind::tokens_choice, RouterKind::experts_choice}) {
    Trainer trainer(device_config(kind), textures());
    Watcher watcher(textures(), PixelScale::standardize);
    watcher.watch({{3, nullptr, "test 3"}, {9, nullptr, "test 9"}}, -1);
    expect_step(trainer);
    trainer.look(watcher);
    expect_step(trainer);
    const int64_t before = host.control("bytes_to_host");
    const std::vector<ImageView> got = trainer.look(watcher);
    const int64_t weights = trainer.model().parameters().values().bytes();
    EXPECT_LT(host.control("bytes_to_host") - before - weights, weights / 4) << "the look itself brings none back";
    const std::vector<ImageView> want =
        watcher.look(trainer.model(), trainer.config().router, trainer.steps_done(), nullptr);
    ASSERT_EQ(got.size(), 2u);
    for (size_t i = 0; i < got.size(); ++i) {
      for (size_t c = 0; c < want[i].probabilities.size(); ++c)
        EXPECT_NEAR(got[i].probabilities[c], want[i].probabilities[c], 1e-5);  // float32 sums in another order
      ASSERT_EQ(got[i].routing.size(), want[i].routing.size());
      for (size_t layer = 0; layer < want[i].routing.size(); ++layer)
        for (int64_t patch = 0; patch < 16; ++patch)
          EXPECT_EQ(main_expert_of_patch(got[i].routing[layer], patch),
                    main_expert_of_patch(want[i].routing[layer], patch));
    }
  }
}

TEST(DeviceHandover, AnEvaluationLeavesTheStagedStepAlone) {
  const DeviceOnHost host;
  const RunConfig config = device_config(RouterKind::soft);
  Trainer alone(config, textures()), looked_at(config, textures());
  Watcher watcher(textures(), PixelScale::standardize);
  watcher.watch({{3, nullptr, "test 3"}}, -1);
  for (int i = 0; i < 4; ++i) {
    expect_step(alone);
    expect_step(looked_at);
    EvalOptions options = EvalOptions::of(config);
    options.device = looked_at.device();
    evaluate(looked_at.model(), textures(), options);
    looked_at.look(watcher);
    EXPECT_EQ(values_of(looked_at), values_of(alone)) << "after step " << i + 1;
  }
}

TEST(DeviceHandover, WithoutRoomForALookTheCpuLooksAndTrainingGoesOn) {
  const DeviceOnHost host;
  const RunConfig config = device_config(RouterKind::soft);
  Trainer alone(config, textures()), looked_at(config, textures());
  Watcher watcher(textures(), PixelScale::standardize);
  watcher.watch({{3, nullptr, "test 3"}}, -1);
  for (int i = 0; i < 3; ++i) expect_step(alone), expect_step(looked_at);
  host.control("memory", host.control("in_use"));
  EXPECT_EQ(looked_at.look(watcher).size(), 1u);
  host.control("memory", int64_t{8} << 30);
  expect_step(alone);
  expect_step(looked_at);
  EXPECT_EQ(values_of(looked_at), values_of(alone));
}

}  // namespace
}  // namespace moescope
