// Classification losses: by hand, every implementation against the reference, gradients, large logits, shapes refused.
#include "compute/ops/cross_entropy/cross_entropy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "compute/core/error.h"
#include "compute/ops/cross_entropy/cross_entropy_implementations.h"
#include "support/expect_close.h"
#include "support/gradient_check.h"
#include "support/implementations.h"
#include "support/random_tensor.h"

namespace moescope {
namespace {

// Exponentials good to 2 units in the last place; row sums of up to 1000 terms in float32.
constexpr double kTolerance = 2e-6;
constexpr LossKind kBoth[] = {LossKind::softmax, LossKind::sigmoid};

TEST(CrossEntropy, SoftmaxByHand) {
  // logits (0, log 3): p = (1/4, 3/4). Target class 0: loss -log(1/4) = log 4; dlogits = p - t = (-3/4, 3/4), times 1/2
  const Buffer logits = tensor_of({1, 2}, {0, std::log(3.f)}), targets = tensor_of({1, 2}, {1, 0});
  Buffer d({1, 2});
  EXPECT_NEAR(cross_entropy(LossKind::softmax, logits, targets, d, .5f), std::log(4.0), 1e-6);
  expect_numbers(d, {-.375f, .375f}, 1e-6, "dlogits");
}

TEST(CrossEntropy, SigmoidByHand) {
  // logits (0, log 3): softplus = log 2, log 4; minus t l = 0, log 3 with t = (1, 1): log 2 + log 4 - log 3 = log(8/3)
  // dlogits = (1/2 - 1, 3/4 - 1)
  const Buffer logits = tensor_of({1, 2}, {0, std::log(3.f)}), targets = tensor_of({1, 2}, {1, 1});
  Buffer d({1, 2});
  EXPECT_NEAR(cross_entropy(LossKind::sigmoid, logits, targets, d), std::log(8.0 / 3), 1e-6);
  expect_numbers(d, {-.5f, -.25f}, 1e-6, "dlogits");
}

TEST(CrossEntropy, EveryImplementationAgreesWithTheReference) {
  for (const LossKind kind : kBoth)
    for (const int64_t classes : {1, 2, 10, 17, 49, 197, 1000}) {
      const int64_t rows = 37;
      const Buffer logits = random_tensor({rows, classes}, 1, 4), targets = random_tensor({rows, classes}, 2);
      for (int64_t i = 0; i < targets.size(); ++i)
        targets.f32()[i] = std::abs(targets.f32()[i]) / static_cast<float>(classes);
      Buffer want({rows, classes});
      const double loss = reference_of(cross_entropy_list())(kind, logits, targets, want, .25f);
      for_each_implementation(cross_entropy_list(), [&](CrossEntropyFn* run, const std::string& name) {
        const std::string what = name + " of " + std::to_string(classes);
        EXPECT_NEAR(run(kind, logits, targets, {}, .25f), loss, kTolerance * std::max(1.0, loss)) << what;
        const Buffer in_place = copy_of(logits);
        EXPECT_NEAR(run(kind, in_place, targets, in_place, .25f), loss, kTolerance * std::max(1.0, loss)) << what;
        expect_close(in_place, want, kTolerance, what);
      });
    }
}

TEST(CrossEntropy, Gradient) {
  const Buffer logits = random_tensor({3, 7}, 1),
               targets = tensor_of({3, 7}, {0, 0, 1, 0, 0, 0, 0, .5f, 0, 0, .25f, 0, 0, .25f, 0, 0, 0, .9f, .1f, 0, 0});
  for (const LossKind kind : kBoth) {
    Buffer d({3, 7});
    cross_entropy(kind, logits, targets, d);
    expect_gradient([&] { return cross_entropy(kind, logits, targets); }, logits, d, "dlogits");
  }
}

TEST(CrossEntropy, LargeLogitsStayFiniteAndNaNComesThrough) {
  // Class 0 far above: softmax loss of class 1 is the difference, 2e4; sigmoid: 1e4 - 0 + 0 - 1 * (-1e4) = 2e4.
  for_each_implementation(cross_entropy_list(), [&](CrossEntropyFn* run, const std::string& name) {
    for (const LossKind kind : kBoth) {
      const Buffer logits = tensor_of({1, 2}, {1e4f, -1e4f}), targets = tensor_of({1, 2}, {0, 1});
      Buffer d({1, 2});
      EXPECT_NEAR(run(kind, logits, targets, d, 1), 2e4, 1e-2) << name;
      expect_numbers(d, {1, -1}, 0, name);
      logits.f32()[0] = NAN;
      EXPECT_TRUE(std::isnan(run(kind, logits, targets, d, 1))) << name;
      EXPECT_TRUE(std::isnan(d.f32()[0])) << name;
    }
  });
}

TEST(CrossEntropy, RefusesOtherShapes) {
  const Buffer logits({2, 3}), targets({2, 4});
  try {
    cross_entropy(LossKind::softmax, logits, targets);
    FAIL() << "accepted";
  } catch (const ShapeError& e) {
    EXPECT_STREQ(e.what(),
                 "cross_entropy: logits (2,3) and targets (2,4) disagree: expected the same rows and columns");
  }
  EXPECT_THROW(cross_entropy(LossKind::softmax, logits, logits, targets), ShapeError);
}

}  // namespace
}  // namespace moescope
