// l2 normalisation: the three places of epsilon by hand, every implementation against the reference, gradients, zeros.
#include "compute/ops/l2_normalize/l2_normalize.h"

#include <gtest/gtest.h>

#include <cmath>

#include "compute/core/error.h"
#include "compute/ops/l2_normalize/l2_normalize_implementations.h"
#include "support/expect_close.h"
#include "support/gradient_check.h"
#include "support/implementations.h"
#include "support/random_tensor.h"

namespace moescope {
namespace {

// Sums of up to 200 squares of order 1 in float32.
constexpr double kTolerance = 1e-6;
constexpr NormEps kAll[] = {NormEps::inside, NormEps::outside, NormEps::clamp};
constexpr int64_t kWidths[] = {1, 3, 17, 48, 128, 197};

TEST(L2Normalize, ByHand) {
  // |(3, 4)| = 5: (0.6, 0.8), times 10 and gains (1, 2): (6, 16). Epsilon moves it by 2e-7 of that at most.
  const Buffer x = tensor_of({1, 2}, {3, 4}), gains = tensor_of({2}, {1, 2});
  Buffer y({1, 2});
  for (const NormEps eps : kAll) {
    l2_normalize_rows(eps, x, y, 10, gains);
    expect_numbers(y, {6, 16}, 5e-6, "y");
  }
}

TEST(L2Normalize, EpsilonDecidesForSmallVectors) {
  // |v| = 1e-3: inside 1e-3 / sqrt(1e-6 + 1e-6) = 0.707107; outside 1e-3 / (1e-3 + 1e-6) = 0.999001; clamp 1
  const Buffer x = tensor_of({1, 1}, {1e-3f});
  Buffer y({1, 1});
  const float want[] = {.707107f, .999001f, 1};
  for (int i = 0; i < 3; ++i) {
    l2_normalize_rows(kAll[i], x, y);
    EXPECT_NEAR(y.f32()[0], want[i], 1e-6);
  }
}

TEST(L2Normalize, ZeroVectorsGiveZeroAndAFiniteGradient) {
  const Buffer x({2, 40}), dy = random_tensor({2, 40}, 1);
  for_each_implementation(l2_normalize_rows_list(), [&](L2RowsFn* run, const std::string& name) {
    for (const NormEps eps : kAll) {
      Buffer y = copy_of(dy);
      run(eps, x, y, 1, {});
      expect_close(y, x, 0, name);
    }
  });
  for_each_implementation(l2_normalize_rows_backward_list(), [&](L2RowsBackwardFn* run, const std::string& name) {
    Buffer inside({2, 40}), outside({2, 40}), clamp({2, 40});
    run(NormEps::inside, x, dy, inside, 1, {}, {});
    run(NormEps::outside, x, dy, outside, 1, {}, {});
    run(NormEps::clamp, x, dy, clamp, 1, {}, {});
    for (int64_t i = 0; i < 80; ++i) {
      EXPECT_NEAR(inside.f32()[i], 1000 * dy.f32()[i], 1e-3) << name;  // 1 / sqrt(1e-6)
      EXPECT_EQ(outside.f32()[i], 0) << name;
      EXPECT_EQ(clamp.f32()[i], 0) << name;
    }
  });
}

TEST(L2Normalize, EveryRowsImplementationAgreesWithTheReference) {
  const int64_t rows = 200;
  for (const NormEps eps : kAll)
    for (const int64_t d : kWidths) {
      const Buffer x = random_tensor({rows, d}, 1), dy = random_tensor({rows, d}, 2), gains = random_tensor({d}, 3);
      // One number of nearly zero would be divided by itself: the gradient there is all rounding.
      for (int64_t r = 0; r < rows; ++r) x.f32()[r * d] += x.f32()[r * d] < 0 ? -1.f : 1.f;
      Buffer want({rows, d}), want_dx = random_tensor({rows, d}, 4), want_dgains = random_tensor({d}, 5);
      reference_of(l2_normalize_rows_list())(eps, x, want, 1.5f, gains);
      reference_of(l2_normalize_rows_backward_list())(eps, x, dy, want_dx, 1.5f, gains, want_dgains);
      for_each_implementation(l2_normalize_rows_list(), [&](L2RowsFn* run, const std::string& name) {
        const Buffer y = copy_of(x);
        run(eps, y, y, 1.5f, gains);
        expect_close(y, want, kTolerance, name + " of " + std::to_string(d));
      });
      for_each_implementation(l2_normalize_rows_backward_list(), [&](L2RowsBackwardFn* run, const std::string& name) {
        Buffer dx = random_tensor({rows, d}, 4), dgains = random_tensor({d}, 5);
        run(eps, x, dy, dx, 1.5f, gains, dgains);
        expect_close(dx, want_dx, kTolerance, name + " dx of " + std::to_string(d));
        expect_close(dgains, want_dgains, 2 * kTolerance, name + " dgains of " + std::to_string(d));
      });
    }
}

TEST(L2Normalize, EveryColumnsImplementationAgreesWithTheReference) {
  for (const NormEps eps : kAll)
    for (const int64_t q : kWidths) {
      const Shape shape{50, q};
      const Buffer x = random_tensor(shape, 1), dy = random_tensor(shape, 2);
      Buffer want(shape), want_dx = random_tensor(shape, 4);
      reference_of(l2_normalize_columns_list())(eps, x, want, 2);
      reference_of(l2_normalize_columns_backward_list())(eps, x, dy, want_dx, 2);
      for_each_implementation(l2_normalize_columns_list(), [&](L2ColumnsFn* run, const std::string& name) {
        const Buffer y = copy_of(x);
        run(eps, y, y, 2);
        expect_close(y, want, kTolerance, name + " of " + std::to_string(q));
      });
      for_each_implementation(l2_normalize_columns_backward_list(),
                              [&](L2ColumnsBackwardFn* run, const std::string& name) {
                                Buffer dx = random_tensor(shape, 4);
                                run(eps, x, dy, dx, 2);
                                expect_close(dx, want_dx, kTolerance, name + " dx of " + std::to_string(q));
                              });
    }
}

TEST(L2Normalize, Gradients) {
  const Buffer x = random_tensor({3, 6}, 1), dy = random_tensor({3, 6}, 2), gains = random_tensor({6}, 3);
  Buffer y({3, 6});
  for (const NormEps eps : kAll) {
    Buffer dx({3, 6}), dgains({6}), dx_columns({3, 6});
    l2_normalize_rows_backward(eps, x, dy, dx, 2, gains, dgains);
    const auto rows_loss = [&] { return l2_normalize_rows(eps, x, y, 2, gains), dot_product(y, dy); };
    expect_gradient(rows_loss, x, dx, "dx");
    expect_gradient(rows_loss, gains, dgains, "dgains");
    l2_normalize_columns_backward(eps, x, dy, dx_columns, 3);
    expect_gradient([&] { return l2_normalize_columns(eps, x, y, 3), dot_product(y, dy); }, x, dx_columns,
                    "dx of columns");
  }
}

TEST(L2Normalize, RefusesOtherShapes) {
  const Buffer x({2, 3}), y({3, 2}), four({4});
  try {
    l2_normalize_columns(NormEps::inside, x, y);
    FAIL() << "accepted";
  } catch (const ShapeError& e) {
    EXPECT_STREQ(e.what(), "l2_normalize_columns: x (2,3) and y (3,2) disagree: expected the same rows and columns");
  }
  EXPECT_THROW(l2_normalize_rows(NormEps::inside, x, x, 1, four), ShapeError);
  EXPECT_THROW(l2_normalize_rows_backward(NormEps::inside, x, x, y), ShapeError);
  EXPECT_THROW(l2_normalize_rows_backward(NormEps::inside, x, x, x, 1, {}, four), ShapeError);
  EXPECT_THROW(l2_normalize_columns_backward(NormEps::inside, x, y, x), ShapeError);
}

}  // namespace
}  // namespace moescope
