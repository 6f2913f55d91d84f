// Maps that are drawn from while the next looks run: a buffer is filled anew only when its last reader is done.
#include "compute/cuda/kept_maps.h"

#include <gtest/gtest.h>

#include "support/cuda_fake/world.h"

namespace moescope::cuda {
namespace {

/// A soft layer of one slot over four tokens.
OutputLayout layout() {
  device_api::StepPlan plan{};
  plan.parts = plan.images = 1, plan.group_tokens = 4, plan.keep_maps = 1;
  StepExtents extents;
  extents.router = RouterKind::soft;
  extents.tokens = 4, extents.layers = extents.experts = extents.slots_per_expert = 1;
  return {plan, extents};
}

/// Where a look leaves its weights: one value everywhere.
struct Look {
  void leave(float value) {
    auto* values = reinterpret_cast<float*>(host.reserve(bytes));
    std::fill_n(values, bytes / 4, value);
    check(cudaMemcpyAsync(weights.tensor().data(), values, static_cast<size_t>(bytes), cudaMemcpyHostToDevice, stream),
          "up");
  }
  int64_t bytes = layout().maps_bytes;
  DeviceMemory memory;
  PinnedMemory host;
  Buffer weights{memory, {bytes}, DType::u8};
  Stream stream;
};

class KeptMapsTest : public testing::Test {
 protected:
  void SetUp() override { cuda_fake_control("reset", 0); }
  void TearDown() override { cuda_fake_control("reset", 0); }

  /// What a reader of the first look's maps sees when the second look is given their buffer, and runs before it.
  float read_beside_the_next_look(bool waits) {
    Look look;
    const Stream drawing;
    const auto pool = std::make_shared<MapPool>();
    PinnedMemory seen;
    auto* value = reinterpret_cast<float*>(seen.reserve(4));
    look.leave(1);
    auto maps = std::make_unique<KeptMaps>(pool, layout(), 4, 1, look.weights.tensor().data(), look.stream);
    const float* from = maps->weights(0, MapWeights::dispatch);
    maps->begin_reading(drawing);
    check(cudaMemcpyAsync(value, from, 4, cudaMemcpyDeviceToHost, drawing), "down");
    maps->end_reading(drawing);
    maps.reset();
    look.stream.synchronize();  // the pinned memory is free for the next
    look.leave(2);
    if (!waits) cuda_fake_control("ignore_wait", 2);
    const KeptMaps next(pool, layout(), 4, 1, look.weights.tensor().data(), look.stream);
    EXPECT_EQ(next.weights(0, MapWeights::dispatch), from) << "the buffer goes round";
    look.stream.synchronize();
    drawing.synchronize();
    return *value;
  }
};

TEST_F(KeptMapsTest, ABufferIsFilledAnewWhenItsLastReaderIsDone) {
  EXPECT_EQ(read_beside_the_next_look(true), 1);
  EXPECT_EQ(read_beside_the_next_look(false), 2) << "the fake shows a forgotten wait";
}

TEST_F(KeptMapsTest, LayersHaveWhatTheirRouterMakes) {
  Look look;
  const auto pool = std::make_shared<MapPool>();
  const KeptMaps maps(pool, layout(), 4, 1, look.weights.tensor().data(), look.stream);
  EXPECT_NE(maps.weights(0, MapWeights::dispatch), nullptr);
  EXPECT_NE(maps.weights(0, MapWeights::combine), maps.weights(0, MapWeights::dispatch));
  EXPECT_EQ(maps.weights(0, MapWeights::gates), nullptr);
}

TEST_F(KeptMapsTest, OfManySizesOnlyAFewAreKeptFree) {
  const int64_t before = cuda_fake_control("in_use", -1);
  MapPool pool;
  for (int64_t size = 1; size <= 40; ++size) pool.give_back(pool.take(1000 * size));
  EXPECT_LE(cuda_fake_control("in_use", -1) - before, 1000 * (36 + 37 + 38 + 39 + 40));
}

}  // namespace
}  // namespace moescope::cuda
