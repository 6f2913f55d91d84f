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
  if (kind == RouterKind::soft) all.emplace_back().slots_per_expert = 1;
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

/// Of a block with experts and of one without, as it is and under a what-if that a later block sees.
TEST(OnTheDeviceLooker, AttentionIsTheCpus) {
  if (const std::string missing = missing_gpu(); !missing.empty()) GTEST_SKIP() << "no GPU: " << missing;
  const DeviceOnHost host;
  Replica cpu = replica_on(DeviceKind::cpu, RouterKind::soft), gpu = replica_on(DeviceKind::cuda, RouterKind::soft);
  Looker on_cpu, on_gpu;
  LookRequest request;
  request.images = {{3, nullptr, "test 3"}, {9, nullptr, "test 9"}};
  for (request.attention_block = 0; request.attention_block < 2; ++request.attention_block)
    for (const WhatIf& what_if : {WhatIf{}, questions(RouterKind::soft)[6]}) {
      SCOPED_TRACE(std::to_string(request.attention_block) + ", " + describe(what_if));
      request.what_if = what_if;
      const Look want = on_cpu.look(cpu, request), got = on_gpu.look(gpu, request);
      ASSERT_EQ(got.refusal, "");
      ASSERT_TRUE(got.attention);
      EXPECT_EQ(got.attention->block, request.attention_block);
      EXPECT_EQ(got.attention->heads, 2);
      EXPECT_EQ(got.attention->num_tokens, 16);
      expect_near(got.attention->probabilities, want.attention->probabilities);
      for (size_t i = 0; i < 2; ++i) expect_same(got.images[i].changed, want.images[i].changed);
    }
}

TEST(DeviceLooker, AttentionOfWideHeadsIsTheCpus) {
  const DeviceOnHost host;
  Replica replicas[] = {replica_on(DeviceKind::cpu, RouterKind::soft), replica_on(DeviceKind::cuda, RouterKind::soft)};
  std::vector<float> maps[2];
  for (int i = 0; i < 2; ++i) {
    Replica& replica = replicas[i];
    replica.config.model.width = 260, replica.config.model.heads = 1;
    replica.model = std::make_unique<VisionTransformer>(replica.config, image_shape(replica.dataset->info()));
    replica.model->parameters().allocate(host_memory(), 1);
    LookRequest request;
    request.images = {{3, nullptr, "test 3"}};
    request.attention_block = 1;
    maps[i] = Looker().look(replica, request).attention->probabilities;
  }
  expect_near(maps[1], maps[0]);
}

TEST(DeviceLooker, AttentionComesFromTheDeviceAndOnlyWhenItIsAskedFor) {
  const DeviceOnHost host;
  Replica gpu = replica_on(DeviceKind::cuda, RouterKind::soft);
  Looker looker;
  LookRequest request;
  request.images = {{3, nullptr, "test 3"}};
  request.what_if.off = {{1, 0}};
  looker.look(gpu, request);
  const auto asked = [&](int64_t block) {
    request.attention_block = block;
    const int64_t before = host.control("bytes_to_host");
    looker.look(gpu, request);
    return host.control("bytes_to_host") - before;
  };
  const int64_t without = asked(-1), map_bytes = 2 * 16 * 16 * int64_t{sizeof(float)};  // heads, tokens, tokens
  EXPECT_EQ(asked(1), without + map_bytes);
  EXPECT_EQ(asked(-1), without);
}

/// cuDNN's attention keeps no probabilities: our kernel computes them beside it, and the answer stays cuDNN's.
TEST(DeviceLooker, AttentionDoesNotChangeTheAnswerWhereItIsFused) {
  const DeviceOnHost host;
  Replica exact = replica_on(DeviceKind::cpu, RouterKind::soft), gpu = replica_on(DeviceKind::cuda, RouterKind::soft);
  gpu.config.compute.precision = Precision::bfloat16;
  Looker on_cpu, on_gpu;
  LookRequest request;
  request.images = {{3, nullptr, "test 3"}};
  request.attention_block = 1;
  const Look got = on_gpu.look(gpu, request);
  ASSERT_EQ(got.refusal, "");
  EXPECT_EQ(got.images[0].changed.probabilities, got.images[0].as_is.probabilities) << "to the bit";
  const std::vector<float> want = on_cpu.look(exact, request).attention->probabilities;
  ASSERT_EQ(got.attention->probabilities.size(), want.size());
  // Scores are sums of products of operands rounded to 2^-9; a probability of about 1/16 moves by that part of itself.
  for (size_t i = 0; i < want.size(); ++i) EXPECT_NEAR(got.attention->probabilities[i], want[i], 0.01) << i;
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

TEST(DeviceLooker, AFullGpuIsTheCpusBusiness) {
  const DeviceOnHost host;
  Replica cpu = replica_on(DeviceKind::cpu, RouterKind::soft), gpu = replica_on(DeviceKind::cuda, RouterKind::soft);
  LookRequest request;
  request.images = {{3, nullptr, "test 3"}};
  request.what_if.off = {{1, 0}};
  host.control("memory", host.control("in_use") + 1000);
  EXPECT_EQ(Looker().look(gpu, request).images[0].changed.probabilities,
            Looker().look(cpu, request).images[0].changed.probabilities);
}

}  // namespace
}  // namespace moescope
