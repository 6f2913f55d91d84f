// The fake of cuDNN: attention through the same graphs as on a device, beside our own kernels; and what it refuses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "compute/cuda/attention_graphs.h"
#include "compute/cuda/fused_attention.h"
#include "compute/cuda/kernels/attention.h"
#include "compute/cuda/run.h"
#include "support/cuda_fake/world.h"

namespace moescope::cuda {
namespace {

constexpr int64_t kImages = 2, kTokens = 5, kHeads = 2, kWidth = 8, kAll = kHeads * kWidth, kRows = kImages * kTokens;

constexpr FusedAttentionShape kShape{.images = kImages,
                                     .heads = kHeads,
                                     .queries = kTokens,
                                     .keys = kTokens,
                                     .width = kWidth,
                                     .q_stride = 3 * kAll,
                                     .k_stride = 3 * kAll,
                                     .v_stride = 3 * kAll,
                                     .out_stride = kAll,
                                     .gradient_stride = 3 * kAll};

class DnnAttentionOnTheFake : public testing::Test {
 protected:
  DeviceMemory memory_;
  Stream stream_;
  Blas blas_{memory_, Precision::bfloat16};
  Arena arena_{memory_};
  device_api::StepPlan plan_{};
  FusedAttention* fused_ = fused_attention();
  cuda::Run run_{stream_, arena_, blas_, plan_, fused_};

  /// Numbers that are bfloat16 values already, so that both ways see the same operands.
  float* draw(int64_t n, unsigned seed) {
    std::mt19937 random(seed);
    std::uniform_int_distribution<int> step(-100, 100);
    std::vector<float> host;
    for (int64_t i = 0; i < n; ++i) host.push_back(static_cast<float>(step(random)) / 64);
    float* there = run_.floats(n);
    check(cudaMemcpyAsync(there, host.data(), host.size() * sizeof(float), cudaMemcpyHostToDevice, stream_), "copy");
    return there;
  }
  std::vector<float> down(const float* there, int64_t n) {
    std::vector<float> host(static_cast<size_t>(n));
    check(cudaMemcpyAsync(host.data(), there, host.size() * sizeof(float), cudaMemcpyDeviceToHost, stream_), "copy");
    stream_.synchronize();
    return host;
  }
  void expect_near(const float* got, const float* want, int64_t n, float tolerance) {
    const std::vector<float> a = down(got, n), b = down(want, n);
    for (size_t i = 0; i < a.size(); ++i)
      EXPECT_TRUE(std::abs(a[i] - b[i]) <= tolerance) << i << ": " << a[i] << " " << b[i];
  }
};

TEST_F(DnnAttentionOnTheFake, ForwardAndBackwardAreThoseOfOurKernels) {
  float *qkv = draw(kRows * 3 * kAll, 1), *dout = draw(kRows * kAll, 2);
  float *want = run_.floats(kRows * kAll), *want_sums = run_.floats(kImages * kHeads * kTokens);
  float* want_gradient = run_.floats(kRows * 3 * kAll);
  const HeadRows q{qkv, 3 * kAll}, k{qkv + kAll, 3 * kAll}, v{qkv + 2 * kAll, 3 * kAll};
  run_.launch(launch_attention, {q, k, v, {want, kAll}, want_sums, nullptr, kImages, kTokens, kTokens, kHeads, kWidth});
  run_.launch(launch_attention_backward, {q,
                                          k,
                                          v,
                                          {want, kAll},
                                          {dout, kAll},
                                          {want_gradient, 3 * kAll},
                                          {want_gradient + kAll, 3 * kAll},
                                          {want_gradient + 2 * kAll, 3 * kAll},
                                          want_sums,
                                          run_.floats(kImages * kHeads * kTokens),
                                          kImages,
                                          kTokens,
                                          kTokens,
                                          kHeads,
                                          kWidth});

  ASSERT_NE(fused_, nullptr);
  ASSERT_TRUE(fused_->takes(kShape, true));
  const uint16_t* half = narrowed(run_, qkv, kRows * 3 * kAll);
  const FusedOperands operands{half, half + kAll, half + 2 * kAll, run_.halves(kRows * kAll),
                               run_.floats(kImages * kHeads * kTokens)};
  fused_->forward(run_, kShape, operands);
  uint16_t* gradient = run_.halves(kRows * 3 * kAll);
  fused_->backward(run_, kShape, operands, narrowed(run_, dout, kRows * kAll),
                   {gradient, gradient + kAll, gradient + 2 * kAll});
  float *got = run_.floats(kRows * kAll), *got_gradient = run_.floats(kRows * 3 * kAll);
  widen(run_, operands.out, got, kRows * kAll);
  widen(run_, gradient, got_gradient, kRows * 3 * kAll);
  // bfloat16 keeps 8 bits: results of size 1 to 3 are rounded once (out), or after rounded scores and sums (gradients).
  expect_near(operands.log_sums, want_sums, kImages * kHeads * kTokens, 1e-5f);
  expect_near(got, want, kRows * kAll, 0.01f);
  expect_near(got_gradient, want_gradient, kRows * 3 * kAll, 0.05f);
}

TEST_F(DnnAttentionOnTheFake, HeadsThatAreNoMultipleOfEightAreLeftToOurKernels) {
  FusedAttentionShape shape = kShape;
  shape.width = 6;
  EXPECT_FALSE(fused_->takes(shape, false));
}

TEST_F(DnnAttentionOnTheFake, AnOperandThatRunsOverItsMemoryIsRefused) {
  ASSERT_TRUE(fused_->takes(kShape, true));
  uint16_t* half = nullptr;
  check(cudaMalloc(reinterpret_cast<void**>(&half), kRows * 3 * kAll * 2 - 2), "cudaMalloc");
  const FusedOperands operands{half, half + kAll, half + 2 * kAll, run_.halves(kRows * kAll),
                               run_.floats(kImages * kHeads * kTokens)};
  EXPECT_THROW(fused_->forward(run_, kShape, operands), DeviceError);
  EXPECT_THAT(cuda_fake_message(), testing::HasSubstr("runs over its allocation"));
  cudaFree(half);
}

TEST(DnnGraphOnTheFake, WhatDoesNotFitIsRefused) {
  DnnGraph graph(*DnnLibrary::find());
  const auto matrix = [&](int64_t number, int64_t rows, int64_t columns) {
    return graph.tensor(number, dense_shape({1, 1, rows, columns}), CUDNN_DATA_BFLOAT16);
  };
  EXPECT_THROW(graph.multiply(matrix(1, 64, 32), matrix(2, 48, 64), matrix(3, 64, 64)), DeviceError);
  EXPECT_THROW(graph.add_columns(matrix(4, 64, 32), matrix(5, 32, 1)), DeviceError);
  EXPECT_THROW(graph.reshape(matrix(6, 64, 32), matrix(7, 64, 33)), DeviceError);
}

}  // namespace
}  // namespace moescope::cuda
