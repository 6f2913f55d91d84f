// Softmax: by hand, every implementation against the reference, gradients, extremes, and shapes refused at the door.
#include "compute/ops/softmax/softmax.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "compute/core/error.h"
#include "compute/ops/softmax/softmax_implementations.h"
#include "support/expect_close.h"
#include "support/gradient_check.h"
#include "support/random_tensor.h"

namespace moescope {
namespace {

// A sum of a few hundred terms in float32, each exponential good to about 2 units in the last place.
constexpr double kTolerance = 1e-6;

TEST(Softmax, RowOfLogarithms) {
  // exp(log 1, log 3, log 4) = 1, 3, 4: eighths. A constant added to the row changes nothing.
  const Buffer x = tensor_of({2, 3}, {0, std::log(3.f), std::log(4.f), 50, 50 + std::log(3.f), 50 + std::log(4.f)});
  Buffer y({2, 3});
  softmax(x, y);
  // log 3 at 50 is rounded to 4e-6.
  expect_numbers(y, {.125f, .375f, .5f, .125f, .375f, .5f}, 4e-6, "y");
}

TEST(Softmax, BackwardByHand) {
  // y = (1/4, 3/4), dy = (1, 5): y.dy = 4, dx = y * (dy - 4) = (-3/4, 3/4)
  const Buffer y = tensor_of({1, 2}, {.25f, .75f}), dy = tensor_of({1, 2}, {1, 5});
  Buffer dx({1, 2});
  softmax_backward(y, dy, dx);
  expect_numbers(dx, {-.75f, .75f}, 1e-6, "dx");
}

TEST(Softmax, EveryImplementationAgreesWithTheReference) {
  for (const auto& one : softmax_list().all()) {
    if (!may_run(one.needs)) continue;
    for (const int64_t n : {1, 3, 7, 16, 17, 49, 197, 1000}) {
      const Buffer x = random_tensor({5, n}, 1, 4);
      Buffer want({5, n}), got = copy_of(x);
      softmax_list().all().back().run(x, want);
      one.run(got, got);  // in place
      expect_close(got, want, kTolerance, one.name + std::string(" of ") + std::to_string(n));
    }
  }
  for (const auto& one : softmax_backward_list().all()) {
    if (!may_run(one.needs)) continue;
    for (const int64_t n : {1, 3, 7, 16, 17, 49, 197, 1000}) {
      Buffer y = random_tensor({5, n}, 1), got = random_tensor({5, n}, 2), want({5, n});
      softmax(y, y);
      softmax_backward_list().all().back().run(y, got, want);
      one.run(y, got, got);
      expect_close(got, want, kTolerance, one.name + std::string(" backward of ") + std::to_string(n));
    }
  }
}

TEST(Softmax, Gradient) {
  const Buffer x = random_tensor({3, 9}, 3), dy = random_tensor({3, 9}, 4);
  Buffer y({3, 9}), dx({3, 9});
  softmax(x, y);
  softmax_backward(y, dy, dx);
  expect_gradient([&] { return softmax(x, y), dot_product(y, dy); }, x, dx, "dx");
}

TEST(Softmax, ExtremesNeitherOverflowNorHideNaN) {
  const float inf = std::numeric_limits<float>::infinity();
  for (const auto& one : softmax_list().all()) {
    if (!may_run(one.needs)) continue;
    for (const int64_t n : {3, 40}) {  // a tail alone, and whole vectors
      Buffer x({4, n}), y({4, n});
      float* row = x.f32();
      for (int64_t i = 0; i < n; ++i) row[i] = i == 1 ? 3e38f : -3e38f;
      for (int64_t i = 0; i < n; ++i) row[n + i] = i == 1 ? 0 : -inf;
      for (int64_t i = 0; i < n; ++i) row[2 * n + i] = i == n - 1 ? NAN : 0;
      for (int64_t i = 0; i < n; ++i) row[3 * n + i] = -1e30f;
      one.run(x, y);
      for (int64_t i = 0; i < n; ++i) {
        EXPECT_EQ(y.f32()[i], i == 1 ? 1 : 0) << one.name;
        EXPECT_EQ(y.f32()[n + i], i == 1 ? 1 : 0) << one.name;
        EXPECT_TRUE(std::isnan(y.f32()[2 * n + i])) << one.name << " at " << i;
        EXPECT_NEAR(y.f32()[3 * n + i], 1.0 / static_cast<double>(n), 1e-7) << one.name;
      }
    }
  }
}

TEST(Softmax, RefusesOtherShapes) {
  const Buffer x({2, 3}), y({3, 2});
  try {
    softmax(x, y);
    FAIL() << "accepted";
  } catch (const ShapeError& e) {
    EXPECT_STREQ(e.what(), "softmax: x (2,3) and y (3,2) disagree: expected the same rows and columns");
  }
  EXPECT_THROW(softmax_backward(x, x, y), ShapeError);
}

}  // namespace
}  // namespace moescope
