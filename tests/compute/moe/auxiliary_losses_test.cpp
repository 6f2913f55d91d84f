// The balance losses, by hand.
#include "compute/moe/auxiliary_losses.h"

#include <gtest/gtest.h>

#include <cmath>

#include "compute/ops/softmax/softmax.h"
#include "support/random_tensor.h"

namespace moescope {
namespace {

TEST(AuxiliaryLosses, SquaredCoefficientOfVariation) {
  // [1, 3]: mean 2, variance ((1-2)² + (3-2)²) / 2 = 1, over mean² 4: 0.25
  const float v[] = {1, 3};
  EXPECT_DOUBLE_EQ(cv_squared(v, 2), 0.25);
  // gradient 2 / (2 * 4) * (v - 2 - 1/2) = [-0.375, 0.125]
  float gradient[2];
  cv_squared_gradient(v, 2, 1, gradient);
  EXPECT_FLOAT_EQ(gradient[0], -0.375f);
  EXPECT_FLOAT_EQ(gradient[1], 0.125f);
}

TEST(AuxiliaryLosses, EqualValuesGiveZeroAndAFiniteGradient) {
  // where (std / mean)² has a NaN gradient, NUMERICS 2.11
  const float equal[] = {0.5f, 0.5f, 0.5f}, none[] = {0, 0};
  float gradient[3] = {7, 7, 7};
  EXPECT_EQ(cv_squared(equal, 3), 0);
  cv_squared_gradient(equal, 3, 1, gradient);
  for (float g : gradient) EXPECT_EQ(g, 0);
  EXPECT_EQ(cv_squared(none, 2), 0);
  cv_squared_gradient(none, 2, 1, gradient);
  EXPECT_EQ(gradient[0], 0);
}

/// Two tokens and two experts whose gates are [0.75, 0.25] and [0.5, 0.5].
struct TwoTokens {
  Buffer gates = tensor_of({2, 2}, {0.75f, 0.25f, 0.5f, 0.5f});
  Buffer logits = tensor_of({2, 2}, {std::log(3.0f), 0, 0, 0});
  Buffer noisy = tensor_of({2, 2}, {2, 0, 1, 1});
  int32_t best[2] = {0, 0};  // the second token's tie goes to expert 0
  float sums[6] = {};
  double scratch[2] = {};

  GroupScores scores(float noise_deviation) const {
    return {logits.f32(), noisy.f32(), gates.f32(), gates.f32(), best, 2, 2, 1, noise_deviation};
  }
};

TEST(AuxiliaryLosses, ImportanceIsTheVariationOfTheSummedGates) {
  // sums [1.25, 0.75]: mean 1, variance 0.0625
  TwoTokens t;
  const AuxiliaryLosses losses = group_losses(t.scores(0), t.sums, t.scratch);
  EXPECT_NEAR(losses.importance, 0.0625, 1e-7);
  EXPECT_EQ(losses.load, 0);  // no noise, no load loss
}

TEST(AuxiliaryLosses, GshardIsShareOfFirstChoicesTimesMeanGate) {
  // both tokens choose expert 0 first: f = [1, 0]; mean gates [0.625, 0.375]; 2 * (1 * 0.625 + 0) = 1.25
  TwoTokens t;
  EXPECT_NEAR(group_losses(t.scores(0), t.sums, t.scratch).gshard, 1.25, 1e-7);
  Buffer dgates(Shape{2, 2});
  gshard_backward(t.scores(0), t.sums, 1, dgates.f32());
  // E f_e / S = [1, 0] for each token
  EXPECT_FLOAT_EQ(dgates.f32()[0], 1);
  EXPECT_FLOAT_EQ(dgates.f32()[1], 0);
  EXPECT_FLOAT_EQ(dgates.f32()[2], 1);
}

TEST(AuxiliaryLosses, LoadIsTheChanceToBeatTheThresholdWithFreshNoise) {
  // sigma 1, k = 1: thresholds are the noisy bests 2 and 1.
  //   token 0: P(log 3 + n > 2) = 1 - Phi(0.901388) = 0.183690, P(0 + n > 2) = 0.022750
  //   token 1: P(0 + n > 1) = 0.158655 for both
  //   means [0.171173, 0.090703]: mean 0.130938, deviation 0.040235, squared ratio 0.094424
  TwoTokens t;
  EXPECT_NEAR(group_losses(t.scores(1), t.sums, t.scratch).load, 0.094424, 2e-6);
}

TEST(AuxiliaryLosses, AWeightOfZeroSkipsItsTerm) {
  TwoTokens t;
  (void)group_losses(t.scores(1), t.sums, t.scratch);
  Buffer dlogits(Shape{2, 2});
  float row[4];
  balance_backward(t.scores(1), t.sums, {0, 0, 1}, dlogits.f32(), row);
  for (int64_t i = 0; i < 4; ++i) EXPECT_EQ(dlogits.f32()[i], 0);
}

}  // namespace
}  // namespace moescope
