// Steps queued one behind the other, their inputs uploaded by another stream: the events between them, and what shows
// when one is missing.
#include <gtest/gtest.h>

#include <vector>

#include "compute/models/device_model.h"
#include "compute/train/device_training.h"
#include "support/device_on_host.h"
#include "support/synthetic_dataset.h"

namespace moescope {
namespace {

/// A dense model whose parameters after three updates tell whether each step saw its own images.
class ThreeSteps {
 public:
  explicit ThreeSteps(const DeviceOnHost& host) : model_(config(), {8, 8, 1, 4}) {
    model_.parameters().allocate(host_memory(), 1);
    device_ = std::make_unique<DeviceModel>(host.plugin(), model_, Precision::float32);
    plan_ = empty_plan();
    set_router(model_.config().router, model_.tokens_per_image(), true, plan_);
    set_update(model_.config().train, plan_);
    plan_.parts = 1, plan_.images = 4, plan_.gradient_scale = 0.25f, plan_.backward = plan_.update = 1;
    for (const int slot : {0, 1, 0, 1}) begin(slot, 0.5f), end(slot);  // measured, then captured for both slots
  }

  void begin(int slot, float brightness) {
    images_.assign(4 * 64, brightness);
    std::vector<float> targets(16, 0.25f);
    const auto stretches = update_stretches(model_.parameters(), model_.config().train, 0, 0.05);
    device_api::StepInput input{};
    input.images = images_.data(), input.targets = targets.data();
    input.stretches = stretches.data(), input.num_stretches = static_cast<int64_t>(stretches.size());
    device_->begin(slot, plan_, input);
    images_.assign(4 * 64, -100);  // the caller's arrays are its own again
  }
  void end(int slot) { device_->end(slot); }
  std::vector<float> values() {
    const Tensor& values = model_.parameters().values();
    device_->read(device_api::Flat::values, values);
    return {values.f32(), values.f32() + values.size()};
  }

 private:
  static RunConfig config() {
    RunConfig c = tiny_config(RouterKind::dense);
    c.train.optimizer = OptimizerKind::sgd;
    return c;
  }
  VisionTransformer model_;
  std::unique_ptr<DeviceModel> device_;
  device_api::StepPlan plan_;
  std::vector<float> images_;
};

std::vector<float> one_after_the_other() {
  const DeviceOnHost host;
  ThreeSteps steps(host);
  for (int i = 0; i < 3; ++i) steps.begin(i % 2, static_cast<float>(i)), steps.end(i % 2);
  return steps.values();
}

/// All three queued before anything is waited for; `forget`: the upload of the third does not wait for the first.
std::vector<float> all_at_once(int64_t seed, bool forget) {
  const DeviceOnHost host;
  ThreeSteps steps(host);
  host.control("seed", seed);
  steps.begin(0, 0), steps.begin(1, 1);
  if (forget) host.control("ignore_wait", 1);
  steps.begin(0, 2);
  steps.end(1), steps.end(0);
  return steps.values();
}

TEST(TwoSlots, StepsInFlightKeepTheirInputs) {
  const std::vector<float> want = one_after_the_other();
  for (const int64_t seed : {0, 1, 2, 3}) EXPECT_EQ(all_at_once(seed, false), want) << "seed " << seed;
}

TEST(TwoSlots, AnUploadThatDoesNotWaitForTheLastReaderIsCaught) {
  const std::vector<float> want = one_after_the_other();
  int caught = 0;
  for (const int64_t seed : {1, 2, 3, 4}) caught += all_at_once(seed, true) != want;
  EXPECT_GT(caught, 0) << "in none of the orders";
}

}  // namespace
}  // namespace moescope
