// Whole training steps through the GPU program, on the strict fake, beside the same steps on the CPU engine.
#include <gtest/gtest.h>

#include <cmath>
#include <optional>

#include "compute/train/trainer.h"
#include "support/device_on_host.h"
#include "support/synthetic_dataset.h"

namespace moescope {
namespace {

const std::shared_ptr<const Dataset>& textures() {
  static const std::shared_ptr<const Dataset> dataset = std::make_shared<SyntheticDataset>();
  return dataset;
}

RunConfig config_of(const std::string& name) {
  if (name == "dense") return tiny_config(RouterKind::dense);
  if (name == "augmented") {
    RunConfig c = tiny_config(RouterKind::dense);
    c.train.flip = true, c.train.shift = 2, c.train.crop = 1, c.train.mixup = 0.4, c.train.label_smoothing = 0.1;
    return c;
  }
  if (name == "uniform_combine" || name == "uniform_dispatch" || name == "identity") {
    RunConfig c = tiny_config(RouterKind::soft);
    c.router.mixing = name == "identity"          ? SoftMixing::identity
                      : name == "uniform_combine" ? SoftMixing::uniform_combine
                                                  : SoftMixing::uniform_dispatch;
    c.router.slots_per_expert = 4;  // as many slots as tokens
    return c;
  }
  if (name == "wide_heads") {  // wider than our attention kernel takes, in the blocks and in the pooling probe
    RunConfig c = tiny_config(RouterKind::dense);
    c.model.width = 528, c.model.head = HeadKind::map, c.model.qk_norm = true;
    c.train.batch_size = 8, c.train.micro_batch = 4, c.train.learning_rate = 1e-4;
    return c;
  }
  if (name == "soft" || name == "soft_in_groups") {
    RunConfig c = tiny_config(RouterKind::soft);
    if (name == "soft_in_groups") c.router.group_images = 4, c.router.noise_std = 0.5, c.router.temperature = 2;
    return c;
  }
  if (name == "experts_choice") {
    RunConfig c = tiny_config(RouterKind::experts_choice);
    c.router.group_images = 2;
    return c;
  }
  RunConfig c = tiny_config(RouterKind::tokens_choice);
  c.router.group_images = 2;
  if (name == "top2_bpr")
    c.router.k = 2, c.router.bpr = true, c.router.capacity_factor = 0.6, c.router.gshard_weight = 0.01;
  if (name == "sgd_token_head") {
    c.train.optimizer = OptimizerKind::sgd, c.train.learning_rate = 0.05;
    c.model.head = HeadKind::token, c.model.representation = 12, c.model.qk_norm = true;
    c.train.loss = LossKind::sigmoid, c.train.clip_norm = 0.5;
  }
  if (name == "map_head")
    c.model.head = HeadKind::map, c.model.position = PositionKind::sincos2d, c.model.qk_norm = true;
  return c;
}

Trainer trainer_on(DeviceKind device, RunConfig config) {
  config.compute.device = device;
  return Trainer(config, textures());
}

void expect_step(Trainer& trainer) { ASSERT_EQ(trainer.step(), Trainer::Advance::stepped) << trainer.divergence(); }

/// Root mean square of the difference over that of `b`.
double distance(const Tensor& a, const Tensor& b) {
  double difference = 0, size = 0;
  for (int64_t i = 0; i < a.size(); ++i) {
    const double d = static_cast<double>(a.f32()[i]) - b.f32()[i];
    difference += d * d, size += static_cast<double>(b.f32()[i]) * b.f32()[i];
  }
  return std::sqrt(difference / size);
}

/// Also registered for a real device, see CMakeLists.txt.
class OnTheDevice : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (const std::string missing = missing_gpu(); !missing.empty()) GTEST_SKIP() << "no GPU: " << missing;
    host_.emplace();
  }
  std::optional<DeviceOnHost> host_;
};
class EveryModel : public testing::TestWithParam<const char*> {
 protected:
  DeviceOnHost host_;
};
INSTANTIATE_TEST_SUITE_P(DeviceTraining, EveryModel, testing::Values("soft_in_groups", "top2_bpr", "experts_choice"),
                         [](const auto& model) { return std::string(model.param); });
INSTANTIATE_TEST_SUITE_P(DeviceTraining, OnTheDevice,
                         testing::Values("dense", "augmented", "soft", "soft_in_groups", "top1", "top2_bpr",
                                         "experts_choice", "sgd_token_head", "map_head", "uniform_combine",
                                         "uniform_dispatch", "identity", "wide_heads", "soft_cut", "top2_cut",
                                         "experts_choice_cut"),
                         [](const auto& model) { return std::string(model.param); });

TEST_P(OnTheDevice, TrainsAsOnTheCpu) {
  Trainer cpu = trainer_on(DeviceKind::cpu, config_of(GetParam()));
  Trainer gpu = trainer_on(DeviceKind::cuda, config_of(GetParam()));
  ASSERT_NE(gpu.device(), nullptr);
  for (int step = 0; step < 5; ++step) {
    expect_step(cpu);
    expect_step(gpu);
    const StepReport &want = cpu.report(), &got = gpu.report();
    // float32 sums in another order: 1e-6 relative in each product, some ten layers, doubled by each update.
    EXPECT_NEAR(got.loss, want.loss, 2e-5 * want.loss) << "step " << step;
    EXPECT_NEAR(got.aux_loss, want.aux_loss, 2e-5 * std::max(1e-3, want.aux_loss)) << "step " << step;
    EXPECT_NEAR(got.gradient_norm, want.gradient_norm, 1e-4 * want.gradient_norm) << "step " << step;
    EXPECT_EQ(got.accuracy, want.accuracy) << "step " << step;
    EXPECT_EQ(got.batch_hash, want.batch_hash);
    ASSERT_EQ(got.layers.size(), want.layers.size());
    for (size_t i = 0; i < want.layers.size(); ++i) {
      EXPECT_NEAR(got.layers[i].load_cv, want.layers[i].load_cv, 1e-4);
      EXPECT_NEAR(got.layers[i].entropy, want.layers[i].entropy, 1e-4);
      EXPECT_EQ(got.layers[i].dropped, want.layers[i].dropped);
      EXPECT_EQ(got.layers[i].capacity, want.layers[i].capacity);
    }
  }
  // Adam divides by the root of the mean square: where a gradient is nearly 0 its rounding decides the sign of a step.
  EXPECT_LT(distance(gpu.model().parameters().values(), cpu.model().parameters().values()), 2e-3);
}

/// The draws of a step are the same on both, also for a knob turned on the way.
TEST(DeviceTrainingKnobs, AugmentationTurnedMidwayActsAsOnTheCpu) {
  const DeviceOnHost host;
  RunConfig config = config_of("dense");
  config.train.batch_size = 8;
  Trainer cpu = trainer_on(DeviceKind::cpu, config), gpu = trainer_on(DeviceKind::cuda, config);
  const char* knobs[][2] = {{"train.mixup", "0.3"},
                            {"train.shift", "2"},
                            {"train.label_smoothing", "0.2"},
                            {"train.flip", "on"},
                            {"train.mixup", "0"}};
  for (const auto& [key, value] : knobs) {
    expect_step(cpu);
    expect_step(gpu);
    EXPECT_NEAR(gpu.report().loss, cpu.report().loss, 2e-5 * cpu.report().loss) << "before " << key;
    for (Trainer* trainer : {&cpu, &gpu}) trainer->set_field(key, value);
  }
  expect_step(cpu);
  expect_step(gpu);
  EXPECT_NEAR(gpu.report().loss, cpu.report().loss, 2e-5 * cpu.report().loss);
}

/// Each product rounds its operands to 2^-9 relative; a loss is some ten products on, and not exactly the same.
void expect_rounded(const StepReport& rounded, const StepReport& exact) {
  EXPECT_NEAR(rounded.loss, exact.loss, 0.02 * exact.loss) << "step " << exact.step;
  EXPECT_NE(rounded.loss, exact.loss) << "step " << exact.step;
  EXPECT_NEAR(rounded.gradient_norm, exact.gradient_norm, 0.1 * exact.gradient_norm) << "step " << exact.step;
}

/// bfloat16 products, attention among them (cuDNN's, where it is): the same training within what 8 bits leave.
TEST_P(EveryModel, TrainsInBfloat16AsInFloat32) {
  RunConfig config = config_of(GetParam());
  config.model.heads = 2;  // of width 8, which cuDNN takes
  Trainer exact = trainer_on(DeviceKind::cuda, config);
  config.compute.precision = Precision::bfloat16;
  Trainer rounded = trainer_on(DeviceKind::cuda, config);
  for (int step = 0; step < 5; ++step) {
    expect_step(exact);
    expect_step(rounded);
    expect_rounded(rounded.report(), exact.report());
  }
}

/// Where cuDNN has no plan, the products of wide heads are rounded like all others.
TEST(DeviceTrainingWideHeads, TrainInBfloat16AsInFloat32) {
  const DeviceOnHost host;
  RunConfig config = config_of("wide_heads");
  Trainer exact = trainer_on(DeviceKind::cuda, config);
  config.compute.precision = Precision::bfloat16;
  Trainer rounded = trainer_on(DeviceKind::cuda, config);
  for (int step = 0; step < 2; ++step) {
    expect_step(exact);
    expect_step(rounded);
    expect_rounded(rounded.report(), exact.report());
  }
}

/// The same with operands cut to 10 bits of fraction. Every product is asked for in the precision that was chosen.
TEST_P(EveryModel, TrainsInTf32AsInFloat32) {
  RunConfig config = config_of(GetParam());
  config.train.batch_size = 8;
  Trainer exact = trainer_on(DeviceKind::cuda, config);
  config.compute.precision = Precision::tf32;
  Trainer rounded = trainer_on(DeviceKind::cuda, config);
  for (int step = 0; step < 4; ++step) {
    host_.control("tf32_products", 0);
    expect_step(exact);
    EXPECT_EQ(host_.control("tf32_products"), 0) << "float32 was chosen";
    host_.control("float32_products", 0);
    expect_step(rounded);
    if (step < 2) {
      EXPECT_GT(host_.control("tf32_products"), 0);  // later steps replay a graph
    }
    EXPECT_EQ(host_.control("float32_products"), 0) << "tf32 was chosen";
    // Each product cuts its operands by up to 2^-10 relative, a quarter of what bfloat16 does.
    EXPECT_NEAR(rounded.report().loss, exact.report().loss, 0.005 * exact.report().loss) << "step " << step;
    EXPECT_NE(rounded.report().loss, exact.report().loss) << "step " << step;
    EXPECT_NEAR(rounded.report().gradient_norm, exact.report().gradient_norm, 0.025 * exact.report().gradient_norm);
  }
}

TEST_P(EveryModel, AStepIsOneGraphWithoutAWaitInside) {
  Trainer gpu = trainer_on(DeviceKind::cuda, config_of(GetParam()));
  for (int step = 0; step < 3; ++step) expect_step(gpu);  // measured, then captured for both slots
  const int64_t graphs = host_.control("graph_launches"), waits = host_.control("host_waits");
  const int64_t memory = host_.control("in_use");
  for (int step = 0; step < 4; ++step) expect_step(gpu);
  EXPECT_EQ(host_.control("graph_launches"), graphs + 4);
  EXPECT_EQ(host_.control("host_waits"), waits + 8) << "one for the step's end, one for the slot's last upload";
  EXPECT_EQ(host_.control("in_use"), memory);
}

}  // namespace
}  // namespace moescope
