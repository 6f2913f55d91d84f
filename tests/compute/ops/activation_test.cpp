// Activations: by hand, every implementation against the reference, gradients, extremes, and shapes refused at the
// door.
#include "compute/ops/activation/activation.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "compute/core/error.h"
#include "compute/ops/activation/activation_implementations.h"
#include "support/expect_close.h"
#include "support/gradient_check.h"
#include "support/random_tensor.h"

namespace moescope {
namespace {

// One exponential and one reciprocal, each good to about 2 units in the last place, on numbers of order 1.
constexpr double kTolerance = 1e-6;
constexpr Activation kPlain[] = {Activation::gelu_tanh, Activation::gelu_erf, Activation::relu};
constexpr int64_t kSizes[] = {1, 3, 8, 17, 49, 197, 40000};  // the last is shared between threads

template <class List>
const auto& reference(const List& list) {
  return list.all().back();
}

Tensor misaligned(const Buffer& b, int64_t n) { return Tensor(b.f32() + 1, {n}); }

TEST(Activation, ByHand) {
  // gelu_tanh(1) = 0.5 (1 + tanh(0.797885 * 1.044715)) = 0.5 (1 + tanh(0.833562)) = 0.5 * 1.682384 = 0.841192
  // gelu_erf(1) = 0.5 (1 + erf(0.707107)) = 0.5 * 1.682689 = 0.841345; both are 0 at 0 and g(-x) = g(x) - x
  const Buffer x = tensor_of({4}, {-1, 0, 1, 2});
  Buffer y({4});
  activation(Activation::gelu_tanh, x, y);
  expect_numbers(y, {-.158808f, 0, .841192f, 1.954598f}, 1e-6, "gelu_tanh");
  activation(Activation::gelu_erf, x, y);
  expect_numbers(y, {-.158655f, 0, .841345f, 1.954500f}, 1e-6, "gelu_erf");
  activation(Activation::relu, x, y);
  expect_numbers(y, {0, 0, 1, 2}, 0, "relu");
}

TEST(Activation, GegluByHand) {
  // x = (a, gate) = ((3, 2), (1, 0)):  y = (3 * 0.841345, 2 * 0)
  const Buffer x = tensor_of({1, 4}, {3, 2, 1, 0});
  Buffer y({1, 2});
  activation(Activation::geglu, x, y);
  expect_numbers(y, {2.524035f, 0}, 3e-6, "geglu");
}

TEST(Activation, EveryImplementationAgreesWithTheReference) {
  for (const auto& one : activation_list().all()) {
    if (!may_run(one.needs)) continue;
    for (const Activation kind : kPlain)
      for (const int64_t n : kSizes) {
        const Buffer x = random_tensor({n + 1}, 1, 3);
        Buffer want({n + 1}), got = copy_of(x);
        reference(activation_list()).run(kind, misaligned(x, n), misaligned(want, n));
        one.run(kind, misaligned(got, n), misaligned(got, n));  // in place
        expect_close(misaligned(got, n), misaligned(want, n), kTolerance,
                     one.name + std::string(" of ") + std::to_string(n));
        EXPECT_EQ(got.f32()[0], x.f32()[0]) << one.name << " wrote before its range";
      }
  }
}

TEST(Activation, EveryBackwardAgreesWithTheReference) {
  for (const auto& one : activation_backward_list().all()) {
    if (!may_run(one.needs)) continue;
    for (const Activation kind : kPlain)
      for (const int64_t n : kSizes) {
        const Buffer x = random_tensor({n}, 1, 3), dy = random_tensor({n}, 2);
        Buffer want({n}), want_y({n}), got = copy_of(dy), got_y({n});
        reference(activation_backward_list()).run(kind, x, dy, want, want_y);
        const std::string what = one.name + std::string(" of ") + std::to_string(n);
        one.run(kind, x, got, got, got_y);
        expect_close(got, want, kTolerance, what + " dx");
        expect_close(got_y, want_y, kTolerance, what + " y");
        one.run(kind, x, dy, got, {});
        expect_close(got, want, kTolerance, what + " dx without y");
      }
  }
}

TEST(Activation, EveryGegluAgreesWithTheReference) {
  const Activation kind = Activation::geglu;
  for (const int64_t n : {1, 9, 49, 128}) {
    const Buffer x = random_tensor({7, 2 * n}, 1, 2), dy = random_tensor({7, n}, 2);
    Buffer want({7, n}), got({7, n}), want_dx({7, 2 * n}), got_dx({7, 2 * n}), got_y({7, n});
    reference(activation_list()).run(kind, x, want);
    reference(activation_backward_list()).run(kind, x, dy, want_dx, {});
    for (const auto& one : activation_list().all())
      if (may_run(one.needs)) one.run(kind, x, got), expect_close(got, want, kTolerance, one.name);
    for (const auto& one : activation_backward_list().all()) {
      if (!may_run(one.needs)) continue;
      one.run(kind, x, dy, got_dx, got_y);
      expect_close(got_dx, want_dx, kTolerance, one.name);
      expect_close(got_y, want, kTolerance, one.name);
    }
  }
}

TEST(Activation, EveryTanhAgreesWithTheReference) {
  for (const int64_t n : kSizes) {
    const Buffer x = random_tensor({n}, 1), dy = random_tensor({n}, 2);
    Buffer want({n}), got({n}), want_dx({n}), got_dx({n});
    reference(tanh_forward_list()).run(x, want);
    reference(tanh_backward_list()).run(want, dy, want_dx);
    for (const auto& one : tanh_forward_list().all()) {
      if (!may_run(one.needs)) continue;
      one.run(x, got);
      for (int64_t i = 0; i < n; ++i)  // near 0 too, relative to the number itself
        ASSERT_NEAR(got.f32()[i], want.f32()[i], 5e-7 * std::abs(want.f32()[i])) << one.name << " at " << x.f32()[i];
    }
    for (const auto& one : tanh_backward_list().all())
      if (may_run(one.needs)) one.run(want, dy, got_dx), expect_close(got_dx, want_dx, kTolerance, one.name);
  }
}

TEST(Activation, Gradients) {
  for (const Activation kind : {Activation::gelu_tanh, Activation::gelu_erf, Activation::geglu}) {
    const int64_t n = kind == Activation::geglu ? 6 : 12;
    const Buffer x = random_tensor({2, 12}, 5), dy = random_tensor({2, n}, 6);
    Buffer y({2, n}), dx({2, 12});
    activation_backward(kind, x, dy, dx);
    expect_gradient([&] { return activation(kind, x, y), dot_product(y, dy); }, x, dx, "dx");
  }
  const Buffer x = random_tensor({20}, 7), dy = random_tensor({20}, 8);
  Buffer y({20}), dx({20});
  tanh_forward(x, y);
  tanh_backward(y, dy, dx);
  expect_gradient([&] { return tanh_forward(x, y), dot_product(y, dy); }, x, dx, "tanh");
}

TEST(Activation, FarOutItIsZeroOrTheIdentityAndNaNComesThrough) {
  Buffer x({24}), y({24}), dy({24}), dx({24}), y_again({24});
  for (int64_t i = 0; i < 24; ++i) x.f32()[i] = i % 3 == 0 ? 1e4f : i % 3 == 1 ? -1e4f : NAN, dy.f32()[i] = 1;
  for (const Activation kind : kPlain) {
    const auto check = [&](const char* name, const Tensor& value, float identity, float zero) {
      for (int64_t i = 0; i < 24; ++i) {
        const float v = value.f32()[i];
        EXPECT_TRUE(i % 3 == 0   ? v == identity
                    : i % 3 == 1 ? std::abs(v - zero) < 1e-20f
                                 : std::isnan(v))
            << name << " gives " << v << " for " << x.f32()[i];
      }
    };
    for (const auto& one : activation_list().all())
      if (may_run(one.needs)) one.run(kind, x, y), check(one.name, y, 1e4f, 0);
    for (const auto& one : activation_backward_list().all())
      if (may_run(one.needs))
        one.run(kind, x, dy, dx, y_again), check(one.name, dx, 1, 0), check(one.name, y_again, 1e4f, 0);
  }
  for (const auto& one : tanh_forward_list().all()) {
    if (!may_run(one.needs)) continue;
    one.run(x, y);
    for (int64_t i = 0; i < 24; ++i)
      EXPECT_TRUE(i % 3 == 2 ? std::isnan(y.f32()[i]) : y.f32()[i] == (i % 3 == 0 ? 1 : -1)) << one.name;
  }
}

TEST(Activation, RefusesOtherShapes) {
  const Buffer x({2, 6}), y({2, 4});
  try {
    activation(Activation::geglu, x, y);
    FAIL() << "accepted";
  } catch (const ShapeError& e) {
    EXPECT_STREQ(e.what(), "activation: x (2,6) and y (2,4) disagree: expected rows of (a, gate) twice as wide");
  }
  EXPECT_THROW(activation(Activation::relu, x, y), ShapeError);
  EXPECT_THROW(activation_backward(Activation::relu, x, y, x), ShapeError);
  EXPECT_THROW(activation_backward(Activation::relu, x, x, x, y), ShapeError);
  EXPECT_THROW(tanh_forward(x, y), ShapeError);
  EXPECT_THROW(tanh_backward(x, x, y), ShapeError);
}

}  // namespace
}  // namespace moescope
