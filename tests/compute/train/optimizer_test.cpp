// Which parameters decay, how gradients are clipped, and two updates by hand through the whole optimiser.
#include "compute/train/optimizer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace moescope {
namespace {

constexpr ParameterRole kRoles[] = {ParameterRole::kernel,   ParameterRole::bias,  ParameterRole::norm,
                                    ParameterRole::position, ParameterRole::token, ParameterRole::router,
                                    ParameterRole::slots,    ParameterRole::scale, ParameterRole::head_kernel};

/// One parameter of each role, each holding the value 1 three times.
ParameterSet one_of_each() {
  ParameterSet set;
  int i = 0;
  for (const ParameterRole role : kRoles) set.add("p" + std::to_string(i++), {3}, role, Init::constant(1));
  set.allocate(host_memory(), 0);
  return set;
}

TEST(Decay, AllDecaysEveryParameterAsPyTorchDoes) {
  TrainConfig c;
  c.weight_decay = 0.05;
  for (const ParameterRole role : kRoles) EXPECT_EQ(weight_decay_of(c, role), 0.05);
}

TEST(Decay, KernelsSparesSlotsNormsBiasesPositionsAndTokens) {
  TrainConfig c;
  c.decay_rule = DecayRule::kernels;
  c.weight_decay = 0.03;
  c.head_weight_decay = 3;
  EXPECT_EQ(weight_decay_of(c, ParameterRole::kernel), 0.03);
  EXPECT_EQ(weight_decay_of(c, ParameterRole::router), 0.03);
  EXPECT_EQ(weight_decay_of(c, ParameterRole::scale), 0.03);
  EXPECT_EQ(weight_decay_of(c, ParameterRole::head_kernel), 3);
  for (const auto role : {ParameterRole::bias, ParameterRole::norm, ParameterRole::position, ParameterRole::token,
                          ParameterRole::slots}) {
    EXPECT_EQ(weight_decay_of(c, role), 0);
  }
}

TEST(Clip, LeavesSmallGradientsAndScalesLargeOnesToTheLimit) {
  EXPECT_EQ(clip_factor(0.9, 1), 1);
  EXPECT_EQ(clip_factor(4, 1), 0.25);
  EXPECT_EQ(clip_factor(4, 0), 1) << "0 turns clipping off";
}

TEST(Optimizer, EachParameterTakesItsOwnDecay) {
  ParameterSet set = one_of_each();
  Optimizer optimizer(OptimizerKind::adamw, set, host_memory());
  TrainConfig c;
  c.decay_rule = DecayRule::kernels;
  c.weight_decay = 0.5;
  c.head_weight_decay = 2;
  // Gradients are 0, so only the decay moves the values: 1 - 0.1 * decay.
  optimizer.update(c, 0, 0.1, 1);
  for (const Parameter& p : set.all()) {
    for (int i = 0; i < 3; ++i)
      EXPECT_FLOAT_EQ(p.value.f32()[i], static_cast<float>(1 - 0.1 * weight_decay_of(c, p.role)));
  }
}

TEST(Optimizer, TheFirstAdamUpdateMovesByTheRateAgainstTheSign) {
  ParameterSet set;
  set.add("w", {2}, ParameterRole::kernel, Init::constant(1));
  set.allocate(host_memory(), 0);
  Optimizer optimizer(OptimizerKind::adamw, set, host_memory());
  set.all()[0].gradient.f32()[0] = 4, set.all()[0].gradient.f32()[1] = -0.01f;
  TrainConfig c;
  c.weight_decay = 0;
  // mhat = g and sqrt(vhat) = |g| after bias correction, so the step is lr * sign(g).
  optimizer.update(c, 0, 0.1, 1);
  EXPECT_NEAR(set.all()[0].value.f32()[0], 0.9, 1e-6);  // float rounding of one update
  EXPECT_NEAR(set.all()[0].value.f32()[1], 1.1, 1e-6);
}

TEST(Optimizer, AParameterThatJoinedLaterTakesItsFirstAdamStepAsABeginner) {
  ParameterSet set = one_of_each();
  Optimizer optimizer(OptimizerKind::adamw, set, host_memory());
  TrainConfig c;
  c.weight_decay = 0;
  set.find("p5")->first_step = 40;
  for (Parameter& p : set.all()) p.gradient.f32()[0] = 3;
  optimizer.update(c, 40, 0.1, 1);
  EXPECT_NEAR(set.find("p5")->value.f32()[0], 1 - 0.1, 1e-6) << "moments are corrected in full: g / |g|";
  // Moments of one update, corrected as if there had been 41: m = 0.1 g / (1 - 0.9^41), v = 0.001 g^2 / (1 - 0.999^41).
  const double m = 0.1 / (1 - std::pow(0.9, 41)), v = 0.001 / (1 - std::pow(0.999, 41));
  for (const char* old : {"p0", "p4", "p6", "p8"})
    EXPECT_NEAR(set.find(old)->value.f32()[0], 1 - 0.1 * m / std::sqrt(v), 1e-6) << old;
}

TEST(Optimizer, SgdGathersMomentum) {
  ParameterSet set;
  set.add("w", {1}, ParameterRole::kernel, Init::constant(1));
  set.allocate(host_memory(), 0);
  Optimizer optimizer(OptimizerKind::sgd, set, host_memory());
  TrainConfig c;
  c.weight_decay = 0, c.momentum = 0.5;
  set.all()[0].gradient.f32()[0] = 2;
  optimizer.update(c, 0, 0.1, 0.5);  // clipped to 1: v = 1, w = 1 - 0.1
  EXPECT_FLOAT_EQ(set.all()[0].value.f32()[0], 0.9f);
  optimizer.update(c, 1, 0.1, 0.5);  // v = 1 + 0.5, w = 0.9 - 0.15
  EXPECT_FLOAT_EQ(set.all()[0].value.f32()[0], 0.75f);
}

TEST(Optimizer, NormIsOverAllParametersTogether) {
  ParameterSet set = one_of_each();
  Optimizer optimizer(OptimizerKind::sgd, set, host_memory());
  set.all()[0].gradient.f32()[2] = 3, set.all()[8].gradient.f32()[0] = 4;
  EXPECT_DOUBLE_EQ(optimizer.gradient_norm(), 5);
}

TEST(NotFinite, NamesTheParameter) {
  ParameterSet set = one_of_each();
  EXPECT_EQ(find_not_finite(set, true), "");
  set.all()[4].gradient.f32()[1] = std::numeric_limits<float>::quiet_NaN();
  set.all()[6].gradient.f32()[1] = std::numeric_limits<float>::infinity();
  EXPECT_EQ(find_not_finite(set, true), "p4");
  EXPECT_EQ(find_not_finite(set, true, true), "p6");
  EXPECT_EQ(find_not_finite(set, false), "");
  // A large gradient whose square leaves float's range is still finite.
  set.all()[4].gradient.f32()[1] = 1e30f, set.all()[6].gradient.f32()[1] = 0;
  EXPECT_EQ(find_not_finite(set, true), "");
}

}  // namespace
}  // namespace moescope
