// The first slots of each Soft MoE expert alone, through the GPU program: losses, answers and work as on the CPU.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compute/core/error.h"
#include "compute/eval/evaluator.h"
#include "compute/models/device_model.h"
#include "compute/train/trainer.h"
#include "support/device_on_host.h"
#include "support/synthetic_dataset.h"

namespace moescope {
namespace {

const std::shared_ptr<const Dataset>& textures() {
  static const std::shared_ptr<const Dataset> dataset = std::make_shared<SyntheticDataset>(64, 20);
  return dataset;
}

struct BothEngines {
  explicit BothEngines(const DeviceOnHost& host, const RunConfig& asked)
      : config(asked), model(config, image_shape(textures()->info())) {
    model.parameters().allocate(host_memory(), 1);
    device = std::make_shared<DeviceModel>(host.plugin(), model, Precision::float32);
  }
  EvalResult evaluated(const WhatIf& what_if, bool on_device) {
    EvalOptions options = EvalOptions::of(config);
    options.what_if = what_if;
    if (on_device) options.device = device;
    return evaluate(model, textures(), options);
  }
  RunConfig config;
  VisionTransformer model;
  std::shared_ptr<DeviceModel> device;
};

/// Groups of three images; the 20 of the data end in a group of two.
RunConfig config_of(SoftNormalize normalize, SoftMixing mixing) {
  RunConfig config = tiny_config(RouterKind::soft);
  config.router.soft_normalize = normalize, config.router.mixing = mixing;
  config.router.slots_per_expert = 4;
  if (mixing == SoftMixing::identity) return config;  // needs as many slots as tokens
  config.router.group_images = 3;
  config.train.micro_batch = 6, config.train.batch_size = 30;
  return config;
}

std::vector<RunConfig> configs() {
  std::vector<RunConfig> all;
  for (const SoftNormalize normalize :
       {SoftNormalize::logits, SoftNormalize::tokens, SoftNormalize::none, SoftNormalize::rms, SoftNormalize::layer})
    all.push_back(config_of(normalize, SoftMixing::learned));
  // Uniform mixing gives all slots of an expert the same, so that fewer change nothing.
  for (const SoftMixing mixing : {SoftMixing::uniform_combine, SoftMixing::uniform_dispatch, SoftMixing::identity})
    all.push_back(config_of(SoftNormalize::logits, mixing));
  return all;
}

std::vector<WhatIf> questions() {
  std::vector<WhatIf> all(5);
  all[0].slots_per_expert = 1;
  all[1].slots_per_expert = 3;
  all[2].slots_per_expert = 2, all[2].off = {{1, 1}};
  all[3].slots_per_expert = 3, all[3].kept = {2, KeepBy::combine, 0}, all[3].forced = {{1, 3, 2}};
  all[4].slots_per_expert = 1, all[4].replaced = {{1, 0, 3}};
  return all;
}

TEST(DeviceFewerSlots, EvaluationsAreTheCpus) {
  const DeviceOnHost host;
  for (const RunConfig& config : configs()) {
    BothEngines both(host, config);
    const EvalResult as_it_is = both.evaluated({}, false);
    for (const WhatIf& what_if : questions()) {
      SCOPED_TRACE(describe(what_if) + ", mixing " + std::to_string(static_cast<int>(config.router.mixing)) +
                   ", normalisation " + std::to_string(static_cast<int>(config.router.soft_normalize)));
      const EvalResult want = both.evaluated(what_if, false), got = both.evaluated(what_if, true);
      EXPECT_NE(want.loss, as_it_is.loss) << "changes nothing";
      EXPECT_LT(want.gflops_per_image, as_it_is.gflops_per_image);
      EXPECT_EQ(got.accuracy, want.accuracy);
      EXPECT_NEAR(got.loss, want.loss, 1e-5 * want.loss);  // float32 sums in another order
      EXPECT_NEAR(got.gflops_per_image, want.gflops_per_image, 1e-9 * want.gflops_per_image);  // a count, divided
    }
    const EvalResult again = both.evaluated({}, true);
    EXPECT_NEAR(again.loss, as_it_is.loss, 1e-5 * as_it_is.loss) << "the model has all its slots afterwards";
  }
}

TEST(DeviceFewerSlots, MoreThanThereAreIsRefusedInTheCpusWords) {
  const DeviceOnHost host;
  RunConfig config = tiny_config(RouterKind::soft);
  config.router.slots_per_expert = 0, config.router.capacity_factor = 1;  // 4 of 16 tokens each
  BothEngines both(host, config);
  WhatIf what_if;
  what_if.slots_per_expert = 5;
  for (const bool on_device : {false, true}) {
    try {
      both.evaluated(what_if, on_device);
      ADD_FAILURE() << "5 slots of 4";
    } catch (const ConfigError& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr("this model's experts have 4, choose between 1 and that"));
    }
  }
}

}  // namespace
}  // namespace moescope
