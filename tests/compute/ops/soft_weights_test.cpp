// Soft MoE's weights: by hand, every implementation against the reference, gradients, edge cases of NUMERICS 1.10.
#include "compute/ops/soft_weights/soft_weights.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "compute/core/error.h"
#include "compute/ops/soft_weights/soft_weights_implementations.h"
#include "support/expect_close.h"
#include "support/gradient_check.h"
#include "support/implementations.h"
#include "support/random_tensor.h"

namespace moescope {
namespace {

// Exponentials good to 2 units in the last place, sums of up to 200 of them.
constexpr double kTolerance = 1e-6;

TEST(SoftWeights, ByHand) {
  // exp(logits) = [1 3]   columns sum to 2 and 6: dispatch = [1/2 1/2]    rows sum to 4 and 4: combine = [1/4 3/4]
  //               [1 3]                                      [1/2 1/2]                                   [1/4 3/4]
  const float log3 = std::log(3.f);
  const Buffer logits = tensor_of({1, 2, 2}, {0, log3, 0, log3});
  Buffer dispatch({1, 2, 2}), combine({1, 2, 2});
  soft_weights(logits, dispatch, combine);
  expect_numbers(dispatch, {.5f, .5f, .5f, .5f}, 1e-7, "dispatch");
  expect_numbers(combine, {.25f, .75f, .25f, .75f}, 1e-7, "combine");
}

TEST(SoftWeights, EveryImplementationAgreesWithTheReference) {
  for (const auto& [g, s, q] :
       {std::array<int64_t, 3>{1, 1, 1}, {2, 3, 5}, {3, 49, 48}, {2, 17, 17}, {1, 197, 33}, {4, 8, 128}}) {
    const Shape shape{g, s, q};
    const Buffer logits = random_tensor(shape, 1, 3), ddispatch = random_tensor(shape, 2),
                 dcombine = random_tensor(shape, 3);
    Buffer dispatch(shape), combine(shape), want(shape), got(shape);
    reference_of(soft_weights_list())(logits, dispatch, combine);
    for_each_implementation(soft_weights_list(), [&](SoftWeightsFn* run, const std::string& name) {
      const Buffer in_place = copy_of(logits);
      run(in_place, got, in_place);
      expect_close(got, dispatch, kTolerance, name + shape.text() + " dispatch");
      expect_close(in_place, combine, kTolerance, name + shape.text() + " combine");
    });
    reference_of(soft_weights_backward_list())(dispatch, combine, ddispatch, dcombine, want);
    for_each_implementation(soft_weights_backward_list(), [&](SoftWeightsBackwardFn* run, const std::string& name) {
      const Buffer in_place = copy_of(dcombine);
      run(dispatch, combine, ddispatch, in_place, in_place);
      expect_close(in_place, want, kTolerance, name + shape.text());
    });
  }
}

TEST(SoftWeights, Gradient) {
  const Shape shape{2, 4, 3};
  const Buffer logits = random_tensor(shape, 1), ddispatch = random_tensor(shape, 2),
               dcombine = random_tensor(shape, 3);
  Buffer dispatch(shape), combine(shape), dlogits(shape);
  const auto loss = [&] {
    soft_weights(logits, dispatch, combine);
    return dot_product(dispatch, ddispatch) + dot_product(combine, dcombine);
  };
  loss();
  soft_weights_backward(dispatch, combine, ddispatch, dcombine, dlogits);
  expect_gradient(loss, logits, dlogits, "dlogits");
}

TEST(SoftWeights, OneSlotOrOneTokenIsExactlyOne) {
  for_each_implementation(soft_weights_list(), [&](SoftWeightsFn* run, const std::string& name) {
    const Buffer one_slot = random_tensor({1, 5, 1}, 1), one_token = random_tensor({1, 1, 5}, 2);
    Buffer dispatch({1, 5, 1}), combine({1, 5, 1});
    run(one_slot, dispatch, combine);
    expect_numbers(combine, {1, 1, 1, 1, 1}, 0, name + " of one slot");
    run(one_token, dispatch.tensor().reshaped({1, 1, 5}), combine.tensor().reshaped({1, 1, 5}));
    expect_numbers(dispatch, {1, 1, 1, 1, 1}, 0, name + " of one token");
  });
}

TEST(SoftWeights, MaskedTokensGetNoDispatchAndUniformCombine) {
  // NUMERICS 1.7: a masked token's logits are all -FLT_MAX.
  for_each_implementation(soft_weights_list(), [&](SoftWeightsFn* run, const std::string& name) {
    Buffer logits = random_tensor({1, 3, 20}, 1), dispatch({1, 3, 20}), combine({1, 3, 20});
    for (int64_t q = 0; q < 20; ++q) logits.f32()[20 + q] = -3.402823466e38f;
    run(logits, dispatch, combine);
    for (int64_t q = 20; q < 40; ++q) {
      EXPECT_EQ(dispatch.f32()[q], 0) << name;
      EXPECT_NEAR(combine.f32()[q], 0.05, 1e-8) << name;
    }
    logits.f32()[45] = NAN;  // token 2, slot 5: its column and its row
    run(logits, dispatch, combine);
    EXPECT_TRUE(std::isnan(dispatch.f32()[5]) && std::isnan(combine.f32()[40])) << name;
    EXPECT_FALSE(std::isnan(dispatch.f32()[6]) || std::isnan(combine.f32()[0])) << name;
  });
}

TEST(SoftWeights, RefusesOtherShapes) {
  const Buffer x({1, 2, 3}), y({1, 2, 4});
  try {
    soft_weights(x, x, y);
    FAIL() << "accepted";
  } catch (const ShapeError& e) {
    EXPECT_STREQ(e.what(),
                 "soft_weights: logits (1,2,3) and combine (1,2,4) disagree: expected the same number of elements");
  }
  EXPECT_THROW(soft_weights(x, y, x), ShapeError);
  EXPECT_THROW(soft_weights_backward(x, x, x, y, x), ShapeError);
}

}  // namespace
}  // namespace moescope
