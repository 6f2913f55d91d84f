// Every graph that the GPU program gives to cuDNN, built by the real cuDNN for described devices: its own checks, its
// choice of kernel, and the kernel's compilation. Nothing runs.
#include <gtest/gtest.h>

#include "compute/cuda/attention_graphs.h"
#include "support/described_gpus.h"

namespace moescope::cuda {
namespace {

/// As SelfAttention packs its operands. `queries_of_normalized`: queries and keys in the copy that qk_norm makes.
FusedAttentionShape packed(int64_t images, int64_t heads, int64_t tokens, int64_t width, bool normalized = false) {
  const int64_t all = heads * width, q_stride = normalized ? 2 * all : 3 * all;
  return {.images = images,
          .heads = heads,
          .queries = tokens,
          .keys = tokens,
          .width = width,
          .q_stride = q_stride,
          .k_stride = q_stride,
          .v_stride = 3 * all,
          .out_stride = all,
          .gradient_stride = 3 * all};
}

class EveryGpu : public testing::TestWithParam<DescribedGpu> {
 protected:
  void SetUp() override {
    library_ = DnnLibrary::find();
    if (!library_) GTEST_SKIP() << "no libcudnn.so.9 of 9.13 or later here";
  }
  std::unique_ptr<DnnPlan> forward(const FusedAttentionShape& shape) {
    return plan_attention(*library_, shape, {nullptr, to_json(GetParam())});
  }
  std::unique_ptr<DnnPlan> backward(const FusedAttentionShape& shape) {
    return plan_attention_backward(*library_, shape, {nullptr, to_json(GetParam())});
  }
  const DnnLibrary* library_ = nullptr;
};
INSTANTIATE_TEST_SUITE_P(DnnPlans, EveryGpu, testing::ValuesIn(kDescribedGpus),
                         [](const auto& gpu) { return "sm_" + std::to_string(gpu.param.compute); });

TEST_P(EveryGpu, AttentionOfViTSmall) {
  EXPECT_NE(forward(packed(4, 6, 197, 64)), nullptr);
  EXPECT_NE(backward(packed(4, 6, 197, 64)), nullptr);
}

TEST_P(EveryGpu, AttentionOfNormalizedQueriesOfOddlyManyTokens) {
  EXPECT_NE(forward(packed(3, 2, 50, 8, true)), nullptr);
  EXPECT_NE(backward(packed(3, 2, 50, 8, true)), nullptr);
}

TEST_P(EveryGpu, HeadsThatItCannotDoGetNoPlan) {
  for (const int64_t width : {6, 300}) {
    EXPECT_EQ(forward(packed(4, 6, 197, width)), nullptr) << width;
    EXPECT_EQ(backward(packed(4, 6, 197, width)), nullptr) << width;
  }
}

TEST_P(EveryGpu, MatricesThatDoNotFitAreRefused) {
  DnnGraph graph(*library_);
  const auto matrix = [&](int64_t number, int64_t rows, int64_t columns) {
    return graph.tensor(number, dense_shape({1, 1, rows, columns}), CUDNN_DATA_BFLOAT16);
  };
  EXPECT_THROW(graph.multiply(matrix(1, 64, 32), matrix(2, 48, 64), matrix(3, 64, 64)), DeviceError);
}

}  // namespace
}  // namespace moescope::cuda
