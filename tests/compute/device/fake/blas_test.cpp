// Matrix products through cuBLASLt's fake: every layout that the layers use, against plain loops; and what it refuses.
#include "compute/cuda/blas.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <deque>
#include <random>
#include <vector>

#include "compute/cuda/run.h"
#include "support/cuda_fake/world.h"

namespace moescope::cuda {
namespace {

using testing::HasSubstr;

class CudaBlas : public testing::Test {
 protected:
  void SetUp() override { cuda_fake_control("reset", 0); }

  float* up(int64_t n) {
    std::vector<float>& host = host_.emplace_back(static_cast<size_t>(n));
    for (float& one : host) one = draw_(random_);
    buffers_.emplace_back(memory_, Shape{n});
    check(cudaMemcpyAsync(buffers_.back().f32(), host.data(), host.size() * 4, cudaMemcpyHostToDevice, stream_), "up");
    return buffers_.back().f32();
  }
  std::vector<float> down(const float* p, int64_t n) {
    std::vector<float> host(static_cast<size_t>(n));
    check(cudaMemcpyAsync(host.data(), p, host.size() * 4, cudaMemcpyDeviceToHost, stream_), "down");
    return host;
  }
  const float* host(size_t i) const { return host_[i].data(); }

  DeviceMemory memory_;
  Stream stream_;
  Blas blas_{memory_, Precision::float32};
  std::deque<std::vector<float>> host_;
  std::deque<Buffer> buffers_;
  std::mt19937 random_{1};
  std::uniform_real_distribution<float> draw_{-1, 1};
};

TEST_F(CudaBlas, ProductsOfEveryLayoutAreRight) {
  constexpr int64_t kBatch = 3, kM = 5, kN = 8, kK = 7;
  for (const bool ta : {false, true})
    for (const bool tb : {false, true})
      for (const bool accumulate : {false, true}) {
        host_.clear(), buffers_.clear();
        const float *a = up(kBatch * kM * kK), *b = up(kBatch * kK * kN);
        float* y = up(kBatch * kM * kN);
        blas_.multiply(dense_product(a, b, y, kBatch, kM, kN, kK, {ta, tb, accumulate}), stream_);
        const std::vector<float> got = down(y, kBatch * kM * kN);
        for (int64_t g = 0; g < kBatch; ++g)
          for (int64_t i = 0; i < kM; ++i)
            for (int64_t j = 0; j < kN; ++j) {
              const int64_t at = (g * kM + i) * kN + j;
              double want = accumulate ? host(2)[at] : 0;
              for (int64_t k = 0; k < kK; ++k)
                want += static_cast<double>(host(0)[g * kM * kK + (ta ? k * kM + i : i * kK + k)]) *
                        host(1)[g * kK * kN + (tb ? j * kK + k : k * kN + j)];
              ASSERT_NEAR(got[static_cast<size_t>(at)], want, 1e-6) << ta << tb << accumulate;
            }
      }
}

TEST_F(CudaBlas, TheEpilogueAddsTheBiasAndKeepsTheSumBeforeGelu) {
  const float *a = up(2 * 3 * 4), *b = up(2 * 4 * 8), *bias = up(2 * 8);
  float *y = up(2 * 3 * 8), *inner = up(2 * 3 * 8);
  MatmulArguments product = dense_product(a, b, y, 2, 3, 8, 4);
  product.bias = bias, product.bias_stride = 8;
  ASSERT_TRUE(blas_.multiply_gelu(product, inner, stream_));
  const std::vector<float> activated = down(y, 48), sums = down(inner, 48);
  for (size_t i = 0; i < 48; ++i) {
    const size_t g = i / 24, row = i / 8 % 3, column = i % 8;
    double want = host(2)[g * 8 + column];
    for (size_t k = 0; k < 4; ++k)
      want += static_cast<double>(host(0)[(g * 3 + row) * 4 + k]) * host(1)[(g * 4 + k) * 8 + column];
    ASSERT_NEAR(sums[i], want, 1e-6);
    ASSERT_NEAR(activated[i], 0.5 * want * (1 + std::tanh(0.7978845608 * (want + 0.044715 * want * want * want))),
                1e-6);
  }
  MatmulArguments odd = dense_product(a, b, y, 2, 3, 7, 4);
  odd.bias = bias;
  EXPECT_FALSE(blas_.multiply_gelu(odd, inner, stream_)) << "the library wants multiples of 8";
}

TEST_F(CudaBlas, RefusesOperandsThatRunOverTheirMemory) {
  const float *a = up(12), *b = up(12);
  float* y = up(9);
  const auto refusal = [&](MatmulArguments product) {
    try {
      blas_.multiply(product, stream_);
    } catch (const DeviceError& error) { return std::string(error.what()); }
    return std::string("nothing was refused");
  };
  EXPECT_THAT(refusal(dense_product(a, b, y, 1, 3, 3, 5)), HasSubstr("runs over its allocation"));
  EXPECT_THAT(refusal(dense_product(a, b, y, 2, 3, 3, 4)), HasSubstr("runs over its allocation"));
  MatmulArguments narrow = dense_product(a, b, y, 1, 3, 3, 4);
  narrow.y_leading = 2;
  EXPECT_THAT(refusal(narrow), HasSubstr("leading dimension"));
  const std::vector<float> outside(12);
  EXPECT_THAT(refusal(dense_product(outside.data(), b, y, 1, 3, 3, 4)), HasSubstr("not in device memory"));
}

}  // namespace
}  // namespace moescope::cuda
