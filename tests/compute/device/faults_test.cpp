// What a person reads when the GPU is not there, too small, or gone; and that training goes on from where it was.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>

#include "compute/eval/evaluator.h"
#include "compute/models/device_model.h"
#include "compute/train/trainer.h"
#include "support/device_on_host.h"
#include "support/synthetic_dataset.h"
#include "support/temp_folder.h"

namespace moescope {
namespace {

using testing::AllOf;
using testing::HasSubstr;

RunConfig device_config(RouterKind kind = RouterKind::soft) {
  RunConfig config = tiny_config(kind);
  config.compute.device = DeviceKind::cuda;
  return config;
}

const std::shared_ptr<const Dataset>& textures() {
  static const std::shared_ptr<const Dataset> dataset = std::make_shared<SyntheticDataset>();
  return dataset;
}

std::vector<float> values_of(Trainer& trainer) {
  const Tensor& values = trainer.model().parameters().values();
  return {values.f32(), values.f32() + values.size()};
}

template <class Error, class Body>
std::string message_of(Body&& body) {
  try {
    body();
  } catch (const Error& error) { return error.what(); }
  ADD_FAILURE() << "nothing of the kind was thrown";
  return "";
}

TEST(DeviceFaults, AnOldDriverAndNoGpuAreNamed) {
  const DeviceOnHost host;
  host.control("driver", 12040);
  EXPECT_THAT(message_of<ConfigError>([&] { host.plugin()->facts(); }),
              AllOf(HasSubstr("supports CUDA 12.4"), HasSubstr("needs 13.0; update the driver")));
  host.control("driver", 13000);
  host.control("devices", 0);
  EXPECT_THAT(message_of<ConfigError>([&] { host.plugin()->facts(); }), HasSubstr("sees no GPU"));
}

TEST(DeviceFaults, APluginThatIsMissingOrNotOneIsNamed) {
  const TempFolder folder;
  setenv("MOESCOPE_PLUGINS", folder.path().c_str(), 1);
  std::ofstream(folder / "libmoescope_cuda_host.so") << "not a library";
  EXPECT_THAT(message_of<ConfigError>([&] { DevicePlugin::load(folder / "libmoescope_cuda_host.so"); }),
              HasSubstr("the GPU plug-in does not load"));
  EXPECT_THAT(message_of<ConfigError>([&] { DevicePlugin::load(folder / "nothing.so"); }),
              HasSubstr("cannot open shared object file"));
  EXPECT_THAT(message_of<ConfigError>([&] { DevicePlugin::load(MOESCOPE_OTHER_PLUGIN); }),
              HasSubstr("is of another version than this program; install both from one build"));
  EXPECT_THAT(message_of<ConfigError>([&] { DevicePlugin::load(MOESCOPE_OTHER_LAYOUT); }),
              AllOf(HasSubstr("is of another build than this program (StepPlan has "), HasSubstr("there and")));
  unsetenv("MOESCOPE_PLUGINS");
}

TEST(DeviceFaults, APlaceIsLookedAtOnceAProcess) {
  const TempFolder folder;
  setenv("MOESCOPE_PLUGINS", folder.path().c_str(), 1);
  choose_cuda_backend(CudaBackend::on_host);
  const std::string first = message_of<ConfigError>([] { device_plugin(DeviceKind::cuda); });
  std::ofstream(folder / "libmoescope_cuda_host.so") << "not a library, but there";
  EXPECT_EQ(message_of<ConfigError>([] { device_plugin(DeviceKind::cuda); }), first);
  choose_cuda_backend(CudaBackend::gpu);
  unsetenv("MOESCOPE_PLUGINS");
}

TEST(DeviceFaults, AFailedFirstCopyLeavesNothingOnTheDevice) {
  const DeviceOnHost host;
  const RunConfig config = device_config();
  VisionTransformer model(config, image_shape(textures()->info()));
  model.parameters().allocate(host_memory(), 1);
  const int64_t before = host.control("in_use");
  host.control("fail_copy", 1);
  EXPECT_THROW(DeviceModel(host.plugin(), model, Precision::float32), DeviceFault);
  EXPECT_EQ(host.control("in_use"), before);
}

TEST(DeviceFaults, WhereAutoFindsNoRoomTheCpuComputesAndSaysSo) {
  const DeviceOnHost host;
  RunConfig config = device_config();
  config.compute.device = DeviceKind::automatic;
  VisionTransformer model(config, image_shape(textures()->info()));
  model.parameters().allocate(host_memory(), 1);
  host.control("memory", host.control("in_use") + 1000);
  EXPECT_EQ(DeviceModel::make(host.plugin(), config.compute, model), nullptr);
  config.compute.device = DeviceKind::cuda;
  EXPECT_THROW(DeviceModel::make(host.plugin(), config.compute, model), DeviceFault);
  host.control("memory", int64_t{8} << 30);
  config.compute.device = DeviceKind::automatic;
  EXPECT_NE(DeviceModel::make(host.plugin(), config.compute, model), nullptr);
  host.control("fail_copy", 1);
  EXPECT_THROW(DeviceModel::make(host.plugin(), config.compute, model), DeviceFault) << "a defect is told, not hidden";
}

TEST(DeviceFaults, ThePluginForGpusLoadsAndSaysWhatIsMissing) {
  const std::string path = std::string(MOESCOPE_PLUGIN_FOLDER) + "/libmoescope_cuda.so";
  if (!std::ifstream(path)) GTEST_SKIP() << "libmoescope_cuda.so is not built here: no nvcc or cuBLASLt";
  EXPECT_NE(DevicePlugin::load(path), nullptr);
  setenv("MOESCOPE_PLUGINS", MOESCOPE_PLUGIN_FOLDER, 1);
  const std::string missing = missing_for_cuda();
  if (missing.empty()) {
    EXPECT_NE(device_plugin(DeviceKind::automatic), nullptr);
  } else {
    EXPECT_EQ(device_plugin(DeviceKind::automatic), nullptr) << "auto takes the CPU without a word";
    EXPECT_EQ(message_of<ConfigError>([] { device_plugin(DeviceKind::cuda); }),
              "compute.device=cuda: " + missing + "; or use compute.device=cpu");
  }
  unsetenv("MOESCOPE_PLUGINS");
}

TEST(DeviceFaults, OutOfMemorySuggestsASmallerMicroBatchAndKeepsTheState) {
  const DeviceOnHost host;
  Trainer trainer(device_config(), textures());
  const std::vector<float> before = values_of(trainer);
  host.control("memory", host.control("in_use") + 1000);
  EXPECT_THAT(
      message_of<DeviceFault>([&] { trainer.step(); }),
      AllOf(HasSubstr("the GPU has too little memory for a training step"), HasSubstr("set train.micro_batch=4")));
  EXPECT_EQ(values_of(trainer), before);
  host.control("memory", int64_t{8} << 30);
  EXPECT_EQ(trainer.step(), Trainer::Advance::stepped) << "the same trainer goes on once there is memory";
  EXPECT_EQ(trainer.steps_done(), 1);
}

TEST(DeviceFaults, ALostDeviceLeavesTheLastCheckpoint) {
  const DeviceOnHost host;
  Trainer trainer(device_config(), textures());
  trainer.step();
  const std::vector<std::byte> saved = trainer.save({});
  host.control("lose_after", host.control("launches") + 20);
  EXPECT_THAT(message_of<DeviceFault>([&] { trainer.step(); }),
              AllOf(HasSubstr("the GPU was lost during a step"), HasSubstr("go on from the last checkpoint")));
  EXPECT_THROW(trainer.step(), DeviceFault) << "a lost device stays lost";
  RunConfig on_cpu = tiny_config();
  on_cpu.compute.device = DeviceKind::cpu;
  Trainer next(on_cpu, textures());
  next.restore(read_checkpoint(saved, "the checkpoint"));
  EXPECT_EQ(next.steps_done(), 1);
  EXPECT_EQ(next.step(), Trainer::Advance::stepped);
}

TEST(DeviceFaults, AStepThatDivergesChangesNothing) {
  const DeviceOnHost host;
  RunConfig config = device_config(RouterKind::tokens_choice);
  config.router.group_images = 2;
  Trainer trainer(config, textures());
  trainer.step();
  std::vector<std::byte> saved = trainer.save({});
  Trainer broken(config, textures());
  broken.restore(read_checkpoint(saved, "checkpoint"));
  broken.model().parameters().find("block1.moe.w1")->value.f32()[0] = std::numeric_limits<float>::quiet_NaN();
  saved = broken.save({});
  broken.restore(read_checkpoint(saved, "checkpoint"));  // which sends the NaN to the device
  EXPECT_EQ(broken.step(), Trainer::Advance::diverged);
  EXPECT_THAT(broken.divergence(), HasSubstr("block1.moe.w1"));
  EXPECT_EQ(broken.steps_done(), 1);
  const std::vector<float> after = values_of(broken);
  int64_t not_numbers = 0;
  for (const float v : after) not_numbers += std::isnan(v);
  EXPECT_EQ(not_numbers, 1) << "the update was left out";
}

TEST(DeviceFaults, AMissingEventWaitIsCaught) {
  const DeviceOnHost host;
  Trainer trainer(device_config(), textures());
  host.control("ignore_wait", 1);  // the step's for its upload
  EXPECT_EQ(trainer.step(), Trainer::Advance::diverged) << "the step ran on input that was not there";
}

TEST(DeviceFaults, ARandomOrderOfTheStreamsGivesTheSameNumbers) {
  std::vector<float> want;
  for (const int64_t seed : {0, 1, 2}) {
    const DeviceOnHost host;
    host.control("seed", seed);
    Trainer trainer(device_config(RouterKind::experts_choice), textures());
    for (int i = 0; i < 3; ++i) ASSERT_EQ(trainer.step(), Trainer::Advance::stepped);
    if (want.empty()) want = values_of(trainer);
    EXPECT_EQ(values_of(trainer), want) << "to the bit, seed " << seed;
  }
}

TEST(DeviceFaults, EvaluationsOnTheDeviceAgreeAlsoWhereTheDataEndInAGroup) {
  const DeviceOnHost host;
  for (const RouterKind kind :
       {RouterKind::dense, RouterKind::soft, RouterKind::tokens_choice, RouterKind::experts_choice}) {
    RunConfig config = device_config(kind);
    config.router.group_images = 3;
    config.train.micro_batch = 6, config.train.batch_size = 30;
    VisionTransformer model(config, image_shape(textures()->info()));
    model.parameters().allocate(host_memory(), 1);
    EvalOptions options = EvalOptions::of(config);
    const EvalResult want = evaluate(model, textures(), options);
    options.device = std::make_shared<DeviceModel>(host.plugin(), model, Precision::float32);
    const EvalResult got = evaluate(model, textures(), options);
    EXPECT_EQ(got.num_images, want.num_images);
    EXPECT_EQ(got.accuracy, want.accuracy);
    EXPECT_NEAR(got.loss, want.loss, 1e-5 * want.loss);
  }
}

TEST(DeviceFaults, CounterfactualsOnTheDeviceAreTheCpus) {
  const DeviceOnHost host;
  for (const RouterKind kind : {RouterKind::soft, RouterKind::tokens_choice, RouterKind::experts_choice}) {
    RunConfig config = device_config(kind);
    config.router.group_images = 2;
    VisionTransformer model(config, image_shape(textures()->info()));
    model.parameters().allocate(host_memory(), 1);
    EvalOptions as_it_is = EvalOptions::of(config);
    std::vector<WhatIf> asked(7);
    asked[0].off = {{1, 0}, {1, 2}};
    asked[1].kept = {2, KeepBy::combine, 0};
    asked[2].kept = {1, KeepBy::load, 0};
    asked[3].replaced = {{1, 0, 3}, {1, 2, 1}};
    asked[4].kept = {2, KeepBy::random, 5};
    asked[5].kept = {1, KeepBy::combine, 0};
    if (kind != RouterKind::experts_choice) {
      asked[5].forced = {{1, 3, 2}};
      asked[6].forced = {{1, 3, 2}, {1, 7, 0}, {1, 3, 1}};
    } else {
      asked.pop_back();
    }
    const double loss = evaluate(model, textures(), as_it_is).loss;
    const auto device = std::make_shared<DeviceModel>(host.plugin(), model, Precision::float32);
    for (const WhatIf& what_if : asked) {
      EvalOptions options = as_it_is;
      options.what_if = what_if;
      const EvalResult want = evaluate(model, textures(), options);
      EXPECT_NE(want.loss, loss) << describe(what_if) << " changes nothing";
      options.device = device;
      const EvalResult got = evaluate(model, textures(), options);
      EXPECT_EQ(got.accuracy, want.accuracy) << describe(what_if);
      EXPECT_NEAR(got.loss, want.loss, 1e-5 * want.loss) << describe(what_if);
      EXPECT_NEAR(got.gflops_per_image, want.gflops_per_image, 1e-9 * want.gflops_per_image) << describe(what_if);
    }
  }
}

/// A sweep's curve stands over what its knobs make the experts do, not over what the model was built for.
TEST(DeviceFaults, SweptEvaluationsCountTheWorkThatTheCpuCounts) {
  const DeviceOnHost host;
  for (const RouterKind kind : {RouterKind::tokens_choice, RouterKind::experts_choice}) {
    RunConfig config = device_config(kind);
    config.router.group_images = 3;
    config.train.micro_batch = 6, config.train.batch_size = 30;
    VisionTransformer model(config, image_shape(textures()->info()));
    model.parameters().allocate(host_memory(), 1);
    const auto device = std::make_shared<DeviceModel>(host.plugin(), model, Precision::float32);
    std::vector<double> work;
    for (const double capacity : {0.25, 1.0, 2.0}) {
      EvalOptions options = EvalOptions::of(config);
      options.router.capacity_factor = capacity;
      const EvalResult want = evaluate(model, textures(), options);
      options.device = device;
      const EvalResult got = evaluate(model, textures(), options);
      EXPECT_NEAR(got.gflops_per_image, want.gflops_per_image, 1e-9 * want.gflops_per_image) << capacity;
      work.push_back(got.gflops_per_image);
    }
    EXPECT_LT(work[0], work[1]);
    EXPECT_LT(work[1], work[2]);
  }
}

}  // namespace
}  // namespace moescope
