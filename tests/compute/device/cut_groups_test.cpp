// A last group that is shorter than the others, through the GPU program: forward, auxiliary losses and the way back.
#include <gtest/gtest.h>

#include "compute/models/device_model.h"
#include "compute/moe/router.h"
#include "compute/ops/cross_entropy/cross_entropy.h"
#include "compute/train/trainer.h"
#include "support/device_on_host.h"
#include "support/expect_close.h"
#include "support/random_tensor.h"
#include "support/synthetic_dataset.h"

namespace moescope {
namespace {

constexpr ImageShape kImage{8, 8, 1, 4};

/// Groups of three images.
RunConfig config_of(RouterKind kind, SoftMixing mixing = SoftMixing::learned) {
  RunConfig config = tiny_config(kind);
  config.router.group_images = 3, config.router.mixing = mixing;
  config.router.k = 2, config.router.bpr = true, config.router.capacity_factor = 0.7;
  config.router.gshard_weight = 0.01, config.router.noise_std = 0.5, config.router.temperature = 2;
  config.train.micro_batch = 6, config.train.batch_size = 30;
  return config;
}

struct Labelled {
  explicit Labelled(int64_t count)
      : images(random_tensor({count, kImage.height, kImage.width, kImage.channels}, 7)), targets({count, 4}) {
    for (int64_t i = 0; i < count; ++i)
      for (int64_t c = 0; c < 4; ++c) targets.f32()[4 * i + c] = c == i % 4 ? 1 : 0;
  }
  Buffer images, targets;
};

struct Passed {
  double loss = 0, aux = 0;
  Buffer gradients;
};

Passed on_cpu(VisionTransformer& model, const Labelled& batch) {
  const RunConfig& config = model.config();
  Arena arena;
  Pass pass;
  pass.arena = &arena;
  pass.router = &config.router;
  pass.training = pass.backward = true;
  pass.seed = static_cast<uint64_t>(config.train.seed);
  ParameterSet& parameters = model.parameters();
  parameters.zero_gradients();
  const Tensor logits = model.forward(batch.images, pass), dlogits = arena.make(logits.shape());
  Passed passed;
  passed.loss = cross_entropy(LossKind::softmax, logits, batch.targets, dlogits,
                              1 / static_cast<float>(batch.images.tensor().dim(0)));
  passed.aux = model.aux_loss();
  model.backward(dlogits, pass, 1);
  passed.gradients = copy_of(parameters.gradients());
  return passed;
}

Passed on_device(const DeviceOnHost& host, const VisionTransformer& model, const Labelled& batch) {
  const RunConfig& config = model.config();
  const int64_t count = batch.images.tensor().dim(0), tokens = model.tokens_per_image();
  DeviceModel device(host.plugin(), model, Precision::float32);
  device_api::StepPlan plan = empty_plan();
  set_router(config.router, 3 * tokens, count * tokens, true, plan);
  plan.parts = 1, plan.images = count;
  plan.gradient_scale = 1 / static_cast<float>(count), plan.aux_scale = 1;
  plan.loss = LossKind::softmax;
  plan.backward = 1;
  const uint64_t seed = router_noise_seed(static_cast<uint64_t>(config.train.seed), 0, 0, model.moe_blocks().front());
  device_api::StepInput input{};
  input.images = batch.images.f32(), input.targets = batch.targets.f32(), input.seeds = &seed;
  Passed passed;
  passed.gradients = Buffer({model.parameters().gradients().size()});
  for (int i = 0; i < 2; ++i) {  // as it is queued, and captured
    device.begin(device_api::kLookSlot, plan, input);
    const device_api::StepResult result = device.end(device_api::kLookSlot);
    passed.loss = result.loss, passed.aux = static_cast<double>(result.aux[3]);
    device.read(device_api::Flat::gradients, passed.gradients);
  }
  return passed;
}

TEST(DeviceCutGroups, LossesAndGradientsAreTheCpus) {
  const DeviceOnHost host;
  std::vector<RunConfig> configs = {config_of(RouterKind::tokens_choice), config_of(RouterKind::experts_choice)};
  for (const SoftMixing mixing : {SoftMixing::learned, SoftMixing::uniform_dispatch, SoftMixing::uniform_combine})
    configs.push_back(config_of(RouterKind::soft, mixing));
  for (const RunConfig& config : configs)
    for (const int64_t count : {8, 2, 6}) {  // groups of 3, 3 and 2 images; of 2; of 3 and 3
      SCOPED_TRACE(std::to_string(static_cast<int>(config.router.kind)) + ", mixing " +
                   std::to_string(static_cast<int>(config.router.mixing)) + ", images " + std::to_string(count));
      VisionTransformer model(config, kImage);
      model.parameters().allocate(host_memory(), 1);
      const Labelled batch(count);
      const Passed want = on_cpu(model, batch), got = on_device(host, model, batch);
      // float32 sums in another order, through some ten layers.
      EXPECT_NEAR(got.loss, want.loss, 2e-5 * want.loss);
      EXPECT_NEAR(got.aux, want.aux, 2e-5 * std::max(1e-3, want.aux));
      expect_close(got.gradients, want.gradients, 2e-5, "gradients");
    }
}

}  // namespace
}  // namespace moescope
