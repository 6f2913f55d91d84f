// The whole model: gradients by finite differences for every router and head, and what must not depend on the batch.
#include "compute/models/vision_transformer.h"

#include <gtest/gtest.h>

#include <string>

#include "compute/core/error.h"
#include "compute/nn/row_slices.h"
#include "compute/ops/cross_entropy/cross_entropy.h"
#include "support/gradient_check.h"
#include "support/random_tensor.h"

namespace moescope {
namespace {

constexpr ImageShape kImage{8, 12, 3, 5};

RunConfig tiny(RouterKind router, HeadKind head) {
  RunConfig c;
  c.model.patch = 4;
  c.model.width = 8;
  c.model.depth = 2;
  c.model.heads = 2;
  c.model.mlp = 12;
  c.model.head = head;
  c.model.moe_blocks = 1;
  c.router.kind = router;
  c.router.num_experts = 3;
  c.router.slots_per_expert = 2;
  c.router.scale_init = 4;
  c.router.k = 2;
  c.router.group_images = 1;
  c.router.importance_weight = 0.1;
  c.router.load_weight = 0.1;
  return c;
}

/// A model with a pass and a batch, everything that one step needs.
struct Bench {
  RunConfig config;
  VisionTransformer model;
  Arena arena;
  Buffer images, targets, dlogits;
  Pass pass;

  Bench(const RunConfig& c, int64_t n)
      : config(c), model(c, kImage), images(random_tensor({n, 8, 12, 3}, 1)), targets({n, 5}), dlogits({n, 5}) {
    model.parameters().allocate(host_memory(), 3);
    for (int64_t i = 0; i < n; ++i) targets.f32()[i * 5 + i % 5] = 1;
    pass.arena = &arena;
    pass.router = &config.router;
    pass.seed = 11;
  }
  double loss(bool training, bool backward) {
    arena.reset();
    pass.training = training;
    pass.backward = backward;
    const Tensor logits = model.forward(images, pass);
    return cross_entropy(LossKind::softmax, logits, targets, dlogits) + model.aux_loss();
  }
};

struct Case {
  RouterKind router;
  HeadKind head;
};

class EveryModel : public testing::TestWithParam<Case> {};

TEST_P(EveryModel, GradientsOfParametersAndPixels) {
  // Every expert is chosen and nothing is dropped: a step of the difference must not flip a hard choice. Choices are
  // held against the golden files, layer by layer.
  RunConfig c = tiny(GetParam().router, GetParam().head);
  c.router.k = c.router.num_experts;
  c.router.capacity_factor = 3;
  c.router.load_weight = 0;
  Bench bench(c, 2);
  bench.model.parameters().zero_gradients();
  Buffer dimages(bench.images.tensor().shape());
  bench.loss(true, true);
  bench.model.backward(bench.dlogits, bench.pass, 1.0, dimages);
  const Buffer analytic = copy_of(bench.model.parameters().gradients());
  const auto loss = [&] { return bench.loss(true, true); };
  // Between two errors: class token and positions start at about 0.02 and are normalised, so the step must be small
  // against that; a float32 loss of about 3 carries some 1e-6 from its layers, 1e-4 of a slope at this step, and the
  // scale of the logits starts where its slope is well above it.
  const GradientCheck check{.directions = 2, .single_numbers = 2, .step = 0.006, .tolerance = 1e-2};
  expect_gradient(loss, bench.images, dimages, "pixels", check);
  for (const Parameter& p : bench.model.parameters().all()) {
    const Tensor gradient = analytic.tensor().rows(p.offset, p.offset + p.shape.size()).reshaped(p.shape);
    expect_gradient(loss, p.value, gradient, p.name, check);
  }
}

TEST_P(EveryModel, InferenceGivesTheLogitsOfTraining) {
  RunConfig c = tiny(GetParam().router, GetParam().head);
  c.router.noise_std = 0;
  Bench bench(c, 3);
  const double kept = bench.loss(false, true);
  EXPECT_EQ(bench.loss(false, false), kept);
}

TEST_P(EveryModel, AnImagesLogitsDoNotDependOnItsBatch) {
  for (const int64_t images : {int64_t{3}, 3 * kRowsAtOnce}) {  // the latter goes through in slices
    Bench together(tiny(GetParam().router, GetParam().head), images),
        alone(tiny(GetParam().router, GetParam().head), 1);
    together.pass.training = together.pass.backward = alone.pass.training = alone.pass.backward = false;
    const Tensor all = together.model.forward(together.images, together.pass);
    const int64_t last = images - 1;
    const Tensor one = alone.model.forward(together.images.tensor().rows(last, images), alone.pass);
    for (int64_t i = 0; i < 5; ++i)
      EXPECT_NEAR(all.f32()[5 * last + i], one.f32()[i], 1e-5);  // sums may be cut differently
  }
}

INSTANTIATE_TEST_SUITE_P(
    Routers, EveryModel,
    testing::Values(Case{RouterKind::dense, HeadKind::gap}, Case{RouterKind::dense, HeadKind::token},
                    Case{RouterKind::dense, HeadKind::map}, Case{RouterKind::soft, HeadKind::gap},
                    Case{RouterKind::soft, HeadKind::map}, Case{RouterKind::tokens_choice, HeadKind::gap},
                    Case{RouterKind::tokens_choice, HeadKind::token}, Case{RouterKind::experts_choice, HeadKind::gap}));

TEST(VisionTransformer, ASteadyStepAllocatesNothing) {
  Bench bench(tiny(RouterKind::tokens_choice, HeadKind::token), 4);
  const auto step = [&] {
    bench.loss(true, true);
    bench.model.backward(bench.dlogits, bench.pass, 1.0);
  };
  step();
  step();
  const int growths = bench.arena.growths();
  for (int i = 0; i < 3; ++i) step();
  EXPECT_EQ(bench.arena.growths(), growths);
}

TEST(VisionTransformer, RefusesImagesOfAnotherSize) {
  Bench bench(tiny(RouterKind::dense, HeadKind::gap), 1);
  const Buffer wrong({1, 12, 8, 3});
  EXPECT_THROW(bench.model.forward(wrong, bench.pass), ShapeError);
}

TEST(VisionTransformer, APatchThatDoesNotFitIsNamed) {
  RunConfig c = tiny(RouterKind::dense, HeadKind::gap);
  c.model.patch = 5;
  try {
    const VisionTransformer model(c, kImage);
    FAIL();
  } catch (const ConfigError& e) {
    EXPECT_NE(std::string(e.what()).find("model.patch=5 does not divide the images of 8x12 pixels"), std::string::npos)
        << e.what();
  }
}

}  // namespace
}  // namespace moescope
