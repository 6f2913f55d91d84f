// Optimisers: first steps by hand, every implementation against the reference, NaN in the norm, shapes refused.
#include "compute/ops/adamw/adamw.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "compute/core/error.h"
#include "compute/ops/adamw/adamw_implementations.h"
#include "support/expect_close.h"
#include "support/implementations.h"
#include "support/random_tensor.h"

namespace moescope {
namespace {

// A dozen float32 operations on numbers of order 1.
constexpr double kTolerance = 1e-6;
constexpr int64_t kSizes[] = {1, 3, 17, 49, 197, 50000};  // the last is shared between threads

TEST(AdamW, FirstStepByHand) {
  // g = 0.5 * 4 = 2; m = 0.1 * 2 = 0.2, v = 0.01 * 4 = 0.04; corrected m = 2, v = 4: direction 2 / (2 + 0) = 1
  // w = 10 - 0.1 * (1 + 0.05 * 10) = 9.85
  const Buffer gradient = tensor_of({1}, {4}), w = tensor_of({1}, {10});
  Buffer m({1}), v({1});
  adamw({.learning_rate = .1f,
         .beta1 = .9f,
         .beta2 = .99f,
         .epsilon = 1e-8f,
         .weight_decay = .05f,
         .step = 1,
         .gradient_scale = .5f},
        gradient, m, v, w);
  EXPECT_NEAR(m.f32()[0], .2, 1e-7);
  EXPECT_NEAR(v.f32()[0], .04, 1e-7);
  EXPECT_NEAR(w.f32()[0], 9.85, 1e-6);
}

TEST(Sgd, TwoStepsByHand) {
  // m = 2, w = 1 - 0.1 * (2 + 0.5 * 1) = 0.75;  then m = 2 + 0.9 * 2 = 3.8, w = 0.75 - 0.1 * (3.8 + 0.375) = 0.3325
  const Buffer gradient = tensor_of({1}, {2}), w = tensor_of({1}, {1});
  Buffer m({1});
  const SgdStep step{.learning_rate = .1f, .momentum = .9f, .weight_decay = .5f, .gradient_scale = 1};
  sgd_momentum(step, gradient, m, w);
  EXPECT_NEAR(w.f32()[0], .75, 1e-7);
  sgd_momentum(step, gradient, m, w);
  EXPECT_NEAR(m.f32()[0], 3.8, 1e-6);
  EXPECT_NEAR(w.f32()[0], .3325, 1e-7);
}

TEST(AdamW, MomentsThatVanishBecomeZero) {
  // A unit without gradient: 0.9 * 1.2e-38 is below float's normal range, where each number costs a hundred cycles.
  const Buffer gradient = tensor_of({1}, {0});
  for_each_implementation(adamw_list(), [&](AdamWFn* run, const std::string& name) {
    const Buffer m = tensor_of({1}, {1.2e-38f}), v = tensor_of({1}, {1.2e-38f}), w = tensor_of({1}, {1});
    run({.1f, .9f, .9f, 1e-8f, 0, 1, 1}, gradient, m, v, w);
    EXPECT_EQ(m.f32()[0], 0) << name;
    EXPECT_EQ(v.f32()[0], 0) << name;
    EXPECT_EQ(w.f32()[0], 1) << name;
  });
}

TEST(AdamW, EveryImplementationAgreesWithTheReference) {
  for (const int64_t n : kSizes) {
    const Buffer gradient = random_tensor({n}, 1);
    struct State {
      Buffer m, v, w;
      explicit State(int64_t size)
          : m(random_tensor({size}, 2)), v(random_tensor({size}, 3)), w(random_tensor({size}, 4)) {
        for (int64_t i = 0; i < size; ++i) v.f32()[i] *= v.f32()[i];
      }
    };
    const auto three_steps = [&](AdamWFn* run, const State& s) {
      for (int64_t step = 5; step < 8; ++step)
        run({1e-2f, .9f, .999f, 1e-8f, .05f, step, .7f}, gradient, s.m, s.v, s.w);
    };
    const State want(n);
    three_steps(reference_of(adamw_list()), want);
    for_each_implementation(adamw_list(), [&](AdamWFn* run, const std::string& name) {
      const State got(n);
      three_steps(run, got);
      expect_close(got.m, want.m, kTolerance, name + " m of " + std::to_string(n));
      expect_close(got.v, want.v, kTolerance, name + " v of " + std::to_string(n));
      expect_close(got.w, want.w, kTolerance, name + " w of " + std::to_string(n));
    });
    Buffer want_m = random_tensor({n}, 2), want_w = random_tensor({n}, 4);
    reference_of(sgd_momentum_list())({.1f, .9f, .05f, .7f}, gradient, want_m, want_w);
    for_each_implementation(sgd_momentum_list(), [&](SgdMomentumFn* run, const std::string& name) {
      Buffer m = random_tensor({n}, 2), w = random_tensor({n}, 4);
      run({.1f, .9f, .05f, .7f}, gradient, m, w);
      expect_close(m, want_m, kTolerance, name + " m");
      expect_close(w, want_w, kTolerance, name + " w");
    });
  }
}

TEST(SumOfSquares, ByHandAndInDouble) {
  // 1 + 4 + 9 = 14; and a million times 1e-8 on top of 1, which float32 would lose: 1 + 1e6 * 1e-8 = 1.01
  EXPECT_EQ(sum_of_squares(tensor_of({3}, {1, 2, 3})), 14);
  Buffer x({1000001});
  for (int64_t i = 0; i < x.size(); ++i) x.f32()[i] = i == 0 ? 1 : 1e-4f;
  for_each_implementation(sum_of_squares_list(), [&](SumOfSquaresFn* run, const std::string& name) {
    EXPECT_NEAR(run(x), 1.01, 1e-8) << name;
  });
}

TEST(SumOfSquares, EveryImplementationAgreesAndRepeats) {
  for (const int64_t n : kSizes) {
    const Buffer x = random_tensor({n}, 1);
    const double want = reference_of(sum_of_squares_list())(x);
    for_each_implementation(sum_of_squares_list(), [&](SumOfSquaresFn* run, const std::string& name) {
      EXPECT_NEAR(run(x), want, 1e-12 * want) << name << " of " << n;  // sums of doubles, in another order
      EXPECT_EQ(run(x), run(x)) << name << " of " << n;
    });
  }
}

TEST(SumOfSquares, NaNAndInfinityComeThrough) {
  for_each_implementation(sum_of_squares_list(), [&](SumOfSquaresFn* run, const std::string& name) {
    for (const int64_t at : {0, 40, 48}) {  // in a vector, and in the tail
      Buffer x({49});
      x.f32()[at] = NAN;
      EXPECT_TRUE(std::isnan(run(x))) << name << " at " << at;
      x.f32()[at] = -std::numeric_limits<float>::infinity();
      EXPECT_TRUE(std::isinf(run(x))) << name << " at " << at;
    }
  });
}

TEST(AdamW, RefusesOtherSizes) {
  const Buffer three({3}), four({4});
  const AdamStep step{1, .9f, .99f, 1e-8f, 0, 1, 1};
  try {
    adamw(step, three, three, three, four);
    FAIL() << "accepted";
  } catch (const ShapeError& e) {
    EXPECT_STREQ(e.what(), "adamw: gradient (3) and parameter (4) disagree: expected the same number of elements");
  }
  EXPECT_THROW(adamw(step, four, three, four, four), ShapeError);
  EXPECT_THROW(adamw(step, four, four, three, four), ShapeError);
  EXPECT_THROW(sgd_momentum({1, 0, 0, 1}, four, three, four), ShapeError);
}

}  // namespace
}  // namespace moescope
