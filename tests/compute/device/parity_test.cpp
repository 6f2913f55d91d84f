// The layers that a device passed on, beside the CPU's: equal where they should be, and the first that is not is named.
#include "compute/eval/parity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "compute/eval/evaluator.h"
#include "compute/explore/report_job.h"
#include "compute/train/trainer.h"
#include "support/device_on_host.h"
#include "support/synthetic_dataset.h"

namespace moescope {
namespace {

class DeviceParity : public testing::TestWithParam<RouterKind> {
 protected:
  DeviceParity() : config_(tiny_config(GetParam())), model_(config_, image_shape(textures_->info())) {
    model_.parameters().allocate(host_memory(), 1);
    batch_ = batches_.next();
  }
  Parity compare(DeviceModel& device) {
    return compare_layers(device, model_, batch_->images, config_.router, Precision::float32);
  }

  DeviceOnHost host_;
  std::shared_ptr<const Dataset> textures_ = std::make_shared<SyntheticDataset>();
  RunConfig config_;
  VisionTransformer model_;
  EvalBatches batches_{textures_, Split::test, 8, PixelScale::standardize};
  const Batch* batch_ = nullptr;
};
INSTANTIATE_TEST_SUITE_P(EveryRouter, DeviceParity,
                         testing::Values(RouterKind::dense, RouterKind::soft, RouterKind::tokens_choice,
                                         RouterKind::experts_choice),
                         [](const auto& kind) { return "kind" + std::to_string(static_cast<int>(kind.param)); });

TEST_P(DeviceParity, EveryLayerIsTheCpus) {
  DeviceModel device(host_.plugin(), model_, Precision::float32);
  const Parity parity = compare(device);
  std::vector<std::string> names;
  for (const LayerDeviation& one : parity.layers) {
    names.push_back(one.layer);
    EXPECT_FALSE(one.beyond) << one.layer << " " << one.relative_rms;
  }
  const std::string last = GetParam() == RouterKind::dense ? "block1.mlp" : "block1.moe";
  EXPECT_THAT(names,
              testing::ElementsAre("embedding", "block0.attn", "block0.mlp", "block1.attn", last, "norm", "head"));
  EXPECT_EQ(parity.first_beyond(), -1);
  EXPECT_EQ(parity.other_answers, 0);
  EXPECT_EQ(parity.num_images, 8);
}

/// Within the tolerance of tf32, and beyond that of float32: it is neither too tight nor without meaning.
TEST_P(DeviceParity, Tf32IsWithinItsOwnTolerance) {
  DeviceModel device(host_.plugin(), model_, Precision::tf32);
  const Parity tf32 = compare_layers(device, model_, batch_->images, config_.router, Precision::tf32);
  EXPECT_EQ(tf32.first_beyond(), -1) << verdict(tf32);
  EXPECT_GE(compare(device).first_beyond(), 0);
}

TEST_P(DeviceParity, TheFirstLayerThatDiffersIsNamed) {
  DeviceModel device(host_.plugin(), model_, Precision::float32);
  model_.parameters().find("block1.attn.wo")->value.f32()[0] += 1;  // on the CPU alone
  const Parity parity = compare(device);
  ASSERT_GE(parity.first_beyond(), 0);
  EXPECT_EQ(parity.layers[static_cast<size_t>(parity.first_beyond())].layer, "block1.attn");
}

Replica replica_on(DeviceKind device) {
  Replica replica;
  replica.config = tiny_config(RouterKind::tokens_choice);
  replica.config.router.group_images = 3;
  replica.config.train.batch_size = 30, replica.config.train.micro_batch = 6;
  replica.config.compute.device = device;
  replica.dataset = std::make_shared<SyntheticDataset>();
  replica.model = std::make_unique<VisionTransformer>(replica.config, image_shape(replica.dataset->info()));
  replica.model->parameters().allocate(host_memory(), 1);
  return replica;
}

std::string refusal(Replica replica, const WhatIf& what_if) {
  ReportRequest request;
  request.question = AskParity{};
  request.what_if = what_if;
  try {
    run_report(replica, request);
  } catch (const UserError& error) { return error.what(); }
  return "none";
}

TEST(ParityReport, ComparesTheFirstWholeGroups) {
  const DeviceOnHost host;
  Replica replica = replica_on(DeviceKind::cuda);
  ReportRequest request;
  request.question = AskParity{};
  const Report report = run_report(replica, request);
  const auto& parity = std::get<Parity>(report.answer);
  EXPECT_EQ(parity.num_images, 6) << "two groups of three";
  EXPECT_EQ(parity.set, "test images 0 to 5");
  EXPECT_EQ(parity.device,
            "CUDA program on the host, libraries faked, float32, attention by our own kernels in float32");
  EXPECT_EQ(verdict(parity), "every layer within 1e-04, the same answers for 6 images");
}

TEST(ParityReport, SaysWhatItNeeds) {
  EXPECT_EQ(refusal(replica_on(DeviceKind::cpu), {}),
            "the parity read-out compares a GPU with the CPU, and this model is computed on the CPU alone; set "
            "compute.device=cuda");
  const DeviceOnHost host;
  WhatIf what_if;
  what_if.off = {{1, 0}};
  EXPECT_THAT(refusal(replica_on(DeviceKind::cuda), what_if), testing::HasSubstr("(expert 1:0 off)"));
}

TEST(ParityDeviation, ANumberThatIsNoneIsBeyond) {
  Buffer a({3}), b({3});
  for (int i = 0; i < 3; ++i) a.f32()[i] = b.f32()[i] = 1;
  EXPECT_EQ(deviation_of("x", a, b, 0).max_abs, 0);
  EXPECT_FALSE(deviation_of("x", a, b, 0).beyond);
  a.f32()[1] = 1.5f;
  const LayerDeviation half = deviation_of("x", a, b, 0.1);
  EXPECT_EQ(half.max_abs, 0.5);
  EXPECT_NEAR(half.relative_rms, 0.5 / std::sqrt(3.0), 1e-9);
  EXPECT_TRUE(half.beyond);
  a.f32()[0] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_TRUE(std::isnan(deviation_of("x", a, b, 100).max_abs));
  EXPECT_TRUE(deviation_of("x", a, b, 100).beyond);
}

}  // namespace
}  // namespace moescope
