// The roofline against the cost formula, which the engine's own counts prove, and against hand arithmetic.
#include "compute/models/roofline.h"

#include <gtest/gtest.h>

#include "compute/models/cost.h"
#include "support/small_config.h"

namespace moescope {
namespace {

RunConfig small(RouterKind kind) {
  RunConfig c = small_config(kind);
  c.router.group_images = 4;
  return c;
}

class Roofline : public testing::TestWithParam<RouterKind> {};

TEST_P(Roofline, ForwardFlopsAreTheCostsWithFullExperts) {
  const VisionTransformer model(small(GetParam()), {28, 28, 1, 10});
  const ModelCost cost = model_cost(model);
  double forward = 0, products = 0, backward = 0;
  for (const RooflineRow& row : roofline_of_step(model, 8)) {
    const bool back = row.kernel.ends_with("backward");
    if (row.product || row.kernel == "attention") (back ? backward : forward) += row.flops;
    if (row.product && !back) products += row.flops;
  }
  // A GPU's experts compute their empty places too.
  EXPECT_NEAR(forward / (8 * (cost.forward_flops + cost.padding_flops)), 1, 1e-12);
  EXPECT_NEAR(backward / (2 * products), 1, 1e-12);
}

INSTANTIATE_TEST_SUITE_P(Kinds, Roofline,
                         testing::Values(RouterKind::dense, RouterKind::tokens_choice, RouterKind::experts_choice,
                                         RouterKind::soft));

TEST(RooflineBound, IsTheLargerOfBytesAndFlops) {
  // 2.039 GB take 1 ms on an A100; 19.5 GFLOP in float32 take 1 ms, 156 in TF32, 312 in bfloat16
  const RooflineRow copy{"copy", 1, 2.039e9, 1e9, false}, product{"product", 1, 2.039e9, 312e9, true};
  EXPECT_DOUBLE_EQ(bound_secs(copy, kA100, Precision::float32), 1e-3);
  EXPECT_TRUE(is_memory_bound(copy, kA100, Precision::float32));
  EXPECT_DOUBLE_EQ(bound_secs(product, kA100, Precision::float32), 16e-3);
  EXPECT_DOUBLE_EQ(bound_secs(product, kA100, Precision::tf32), 2e-3);
  EXPECT_FALSE(is_memory_bound(product, kA100, Precision::tf32));
  EXPECT_DOUBLE_EQ(bound_secs(product, kA100, Precision::bfloat16), 1e-3);
}

TEST(RooflineBound, AdamwMovesSevenNumbersAParameter) {
  const VisionTransformer model(small(RouterKind::dense), {28, 28, 1, 10});
  for (const RooflineRow& row : roofline_of_step(model, 8)) {
    if (row.kernel != "adamw") continue;
    EXPECT_EQ(row.bytes, 28.0 * static_cast<double>(model.parameters().count()));
    return;
  }
  FAIL() << "no adamw";
}

}  // namespace
}  // namespace moescope
