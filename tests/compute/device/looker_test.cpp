// Looks under a WhatIf through the GPU program: the images, probabilities and maps that the CPU gives.
#include "compute/explore/looker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compute/train/trainer.h"
#include "support/device_on_host.h"
#include "support/synthetic_dataset.h"

namespace moescope {
namespace {

Replica replica_on(DeviceKind device, RouterKind kind) {
  Replica replica;
  replica.config = tiny_config(kind);
  replica.config.compute.device = device;
  replica.dataset = std::make_shared<SyntheticDataset>();
  replica.model = std::make_unique<VisionTransformer>(replica.config, image_shape(replica.dataset->info()));
  replica.model->parameters().allocate(host_memory(), 1);
  return replica;
}

void expect_near(const std::vector<float>& got, const std::vector<float>& want) {
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], want[i], 1e-5) << i;  // float32 sums in another order
}

void expect_same(const ImageView& got, const ImageView& want) {
  EXPECT_EQ(got.pixels.values, want.pixels.values);
  expect_near(got.probabilities, want.probabilities);
  ASSERT_EQ(got.routing.size(), want.routing.size());
  for (size_t layer = 0; layer < got.routing.size(); ++layer) {
    const RoutingMap &a = got.routing[layer], &b = want.routing[layer];
    EXPECT_EQ(a.expert_off, b.expert_off);
    EXPECT_EQ(a.expert, b.expert);
    EXPECT_EQ(a.place, b.place);
    EXPECT_EQ(a.drop, b.drop);
    EXPECT_EQ(a.capacity, b.capacity);
    expect_near(a.gates, b.gates);
    expect_near(a.dispatch, b.dispatch);
    expect_near(a.combine, b.combine);
  }
}

std::vector<WhatIf> questions(RouterKind kind) {
  std::vector<WhatIf> all(9);
  all[1].off = {{1, 0}, {1, 2}};
  all[2].kept = {2, KeepBy::combine, 0};
  all[3].kept = {1, KeepBy::load, 0};
  all[4].kept = {2, KeepBy::random, 7};
  all[5].replaced = {{1, 0, 3}, {1, 3, 0}};
  all[6].edits = {OccludePatch{3, 200}, PaintSpot{2, 2, 3, {255, 0, 0}}};
  all[7].temperature = 3;
  all[8].off = {{1, 1}}, all[8].kept = {2, KeepBy::combine, 0}, all[8].edits = {ShiftImage{1, 2}};
  if (kind != RouterKind::experts_choice) {
    all[8].forced = {{1, 3, 2}, {1, 7, 0}};
    all.emplace_back().forced = {{1, 3, 2}, {1, 7, 0}, {1, 3, 1}};
  }
  return all;
}

/// Also registered for a real device, see CMakeLists.txt.
TEST(OnTheDeviceLooker, CounterfactualsAreTheCpus) {
  if (const std::string missing = missing_gpu(); !missing.empty()) GTEST_SKIP() << "no GPU: " << missing;
  const DeviceOnHost host;
  for (const RouterKind kind : {RouterKind::soft, RouterKind::tokens_choice, RouterKind::experts_choice}) {
    Replica cpu = replica_on(DeviceKind::cpu, kind), gpu = replica_on(DeviceKind::cuda, kind);
    Looker on_cpu, on_gpu;
    for (const WhatIf& what_if : questions(kind)) {
      SCOPED_TRACE(describe(what_if));
      LookRequest request;
      request.images = {{3, nullptr, "test 3"}, {9, nullptr, "test 9"}};
      request.what_if = what_if;
      const Look want = on_cpu.look(cpu, request);
      const Look got = on_gpu.look(gpu, request);
      ASSERT_EQ(got.refusal, "");
      ASSERT_EQ(got.images.size(), 2u);
      for (size_t i = 0; i < 2; ++i) {
        expect_same(got.images[i].as_is, want.images[i].as_is);
        expect_same(got.images[i].changed, want.images[i].changed);
      }
    }
  }
}

TEST(DeviceLooker, NewValuesAndNewModelsAreSeen) {
  const DeviceOnHost host;
  Replica cpu = replica_on(DeviceKind::cpu, RouterKind::soft), gpu = replica_on(DeviceKind::cuda, RouterKind::soft);
  Looker on_cpu, on_gpu;
  LookRequest request;
  request.images = {{3, nullptr, "test 3"}};
  on_gpu.look(gpu, request);
  request.what_if.off = {{1, 0}};
  const int64_t launches = host.control("launches");
  const Look before = on_gpu.look(gpu, request);
  EXPECT_GT(host.control("launches"), launches) << "the CPU looked";
  for (Replica* replica : {&cpu, &gpu}) {
    replica->model->parameters().find("block1.moe.b2")->value.f32()[20] += 3;
    ++replica->version;
  }
  const Look after = on_gpu.look(gpu, request);
  EXPECT_NE(after.images[0].changed.probabilities, before.images[0].changed.probabilities);
  expect_same(after.images[0].changed, on_cpu.look(cpu, request).images[0].changed);
  gpu = replica_on(DeviceKind::cuda, RouterKind::tokens_choice);
  gpu.dataset = cpu.dataset, gpu.version = 1, gpu.model_number = 5;
  Replica want = replica_on(DeviceKind::cpu, RouterKind::tokens_choice);
  expect_same(on_gpu.look(gpu, request).images[0].changed, Looker().look(want, request).images[0].changed);
}

TEST(DeviceLooker, AttentionAndFewerSlotsAndAFullGpuAreTheCpusBusiness) {
  const DeviceOnHost host;
  Replica cpu = replica_on(DeviceKind::cpu, RouterKind::soft), gpu = replica_on(DeviceKind::cuda, RouterKind::soft);
  Looker on_gpu;
  LookRequest request;
  request.images = {{3, nullptr, "test 3"}};
  request.attention_block = 0;
  EXPECT_EQ(on_gpu.look(gpu, request).attention->probabilities, Looker().look(cpu, request).attention->probabilities);
  request.attention_block = -1;
  request.what_if.slots_per_expert = 1;
  EXPECT_EQ(on_gpu.look(gpu, request).images[0].changed.probabilities,
            Looker().look(cpu, request).images[0].changed.probabilities);
  request.what_if = {};
  request.what_if.off = {{1, 0}};
  host.control("memory", host.control("in_use") + 1000);
  EXPECT_EQ(Looker().look(gpu, request).images[0].changed.probabilities,
            Looker().look(cpu, request).images[0].changed.probabilities);
}

}  // namespace
}  // namespace moescope
