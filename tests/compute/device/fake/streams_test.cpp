// The fake is strict: what a device would punish at random, it punishes each time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "compute/cuda/gpu.h"
#include "support/cuda_fake/world.h"

namespace moescope::cuda {
namespace {

using testing::HasSubstr;

class CudaFake : public testing::Test {
 protected:
  void SetUp() override { cuda_fake_control("reset", 0); }
  void TearDown() override { cuda_fake_control("reset", 0); }

  /// Uploads 1 on one stream, brings it back on another; with an event between them, or not.
  float across_streams(bool held) {
    const Stream up, down;
    Event uploaded;
    DeviceMemory memory;
    PinnedMemory in, out;
    auto *from = reinterpret_cast<float*>(in.reserve(4)), *to = reinterpret_cast<float*>(out.reserve(4));
    const Buffer there(memory, {1});
    *from = 1;
    check(cudaMemcpyAsync(there.f32(), from, 4, cudaMemcpyHostToDevice, up), "up");
    uploaded.record(up);
    if (held) uploaded.hold(down);
    check(cudaMemcpyAsync(to, there.f32(), 4, cudaMemcpyDeviceToHost, down), "down");
    down.synchronize();
    return *to;
  }
};

TEST_F(CudaFake, AMissingEventWaitGivesNaN) {
  EXPECT_EQ(across_streams(true), 1);
  EXPECT_TRUE(std::isnan(across_streams(false)));
}

TEST_F(CudaFake, NewMemoryIsNaNAndPinnedMemoryIsReadLate) {
  const Stream stream;
  DeviceMemory memory;
  PinnedMemory pinned, out;
  auto *from = reinterpret_cast<float*>(pinned.reserve(4)), *to = reinterpret_cast<float*>(out.reserve(4));
  const Buffer there(memory, {1});
  check(cudaMemcpyAsync(to, there.f32(), 4, cudaMemcpyDeviceToHost, stream), "down");
  stream.synchronize();
  EXPECT_TRUE(std::isnan(*to));
  *from = 1;
  check(cudaMemcpyAsync(there.f32(), from, 4, cudaMemcpyHostToDevice, stream), "up");
  *from = 2;  // too soon: the device has not read it
  check(cudaMemcpyAsync(to, there.f32(), 4, cudaMemcpyDeviceToHost, stream), "down");
  stream.synchronize();
  EXPECT_EQ(*to, 2);
}

TEST_F(CudaFake, PageableMemoryIsStaged) {
  const Stream stream;
  DeviceMemory memory;
  const Buffer there(memory, {1});
  float value = 1, back = 0;
  check(cudaMemcpyAsync(there.f32(), &value, 4, cudaMemcpyHostToDevice, stream), "up");
  value = 2;
  check(cudaMemcpyAsync(&back, there.f32(), 4, cudaMemcpyDeviceToHost, stream), "down");
  EXPECT_EQ(back, 1);
}

TEST_F(CudaFake, RefusesCopiesThatAreNotWhatTheySay) {
  const Stream stream;
  DeviceMemory memory;
  const Buffer there(memory, {4});
  float host[8] = {};
  EXPECT_EQ(cudaMemcpyAsync(there.f32(), host, 16, cudaMemcpyDeviceToHost, stream), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpyAsync(there.f32(), host, 20, cudaMemcpyHostToDevice, stream), cudaErrorInvalidValue);
  EXPECT_EQ(cudaMemcpyAsync(there.f32(), host, 16, cudaMemcpyDefault, stream), cudaErrorInvalidMemcpyDirection);
  EXPECT_EQ(cudaMemcpyAsync(there.f32(), host, 16, cudaMemcpyHostToDevice, nullptr), cudaErrorInvalidResourceHandle);
}

TEST_F(CudaFake, ACaptureIsVoidAfterWhatMustNotHappenInIt) {
  const Stream stream;
  DeviceMemory memory;
  const Buffer there(memory, {4});
  Graph graph;
  const auto captured = [&](auto&& work) {
    graph.capture(stream, [&] {
      check(cudaMemsetAsync(there.f32(), 0, 16, stream), "memset");
      work();
    });
  };
  captured([] {});
  graph.launch(stream);
  stream.synchronize();  // before the graph is captured anew
  float pageable[4] = {};
  void* p = nullptr;
  EXPECT_THROW(captured([&] { cudaStreamSynchronize(stream); }), DeviceError);
  EXPECT_THROW(captured([&] { cudaMalloc(&p, 4); }), DeviceError);
  EXPECT_THROW(captured([&] { cudaMemcpyAsync(there.f32(), pageable, 16, cudaMemcpyHostToDevice, stream); }),
               DeviceError);
  captured([] {});  // and a good one works again
  graph.launch(stream);
  stream.synchronize();
}

TEST_F(CudaFake, AForkThatDoesNotComeBackVoidsTheCapture) {
  const Stream stream, other;
  Event forked, joined;
  Graph graph;
  EXPECT_THROW(graph.capture(stream,
                             [&] {
                               forked.record(stream);
                               forked.hold(other);
                             }),
               DeviceError);
  graph.capture(stream, [&] {
    forked.record(stream);
    forked.hold(other);
    joined.record(other);
    joined.hold(stream);
  });
}

TEST_F(CudaFake, MemoryHasAnEndAndErrorsLast) {
  DeviceMemory memory;
  cuda_fake_control("memory", 1 << 20);
  try {
    memory.allocate(2 << 20);
    FAIL() << "more than there is";
  } catch (const DeviceError& error) {
    EXPECT_EQ(error.fault, device_api::Fault::out_of_memory);
    EXPECT_THAT(error.what(), HasSubstr("2 MiB more were asked for"));
  }
  const Stream stream;
  cuda_fake::submit(stream, [] { return cudaErrorLaunchFailure; });
  EXPECT_EQ(cudaStreamSynchronize(stream), cudaErrorLaunchFailure);
  EXPECT_EQ(cudaStreamSynchronize(stream), cudaErrorLaunchFailure) << "a lost device stays lost";
  void* p = nullptr;
  EXPECT_EQ(cudaMalloc(&p, 4), cudaErrorLaunchFailure);
}

}  // namespace
}  // namespace moescope::cuda
