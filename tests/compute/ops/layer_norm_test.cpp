// Layer normalisation: by hand, every implementation against the reference, gradients, and shapes refused at the door.
#include "compute/ops/layer_norm/layer_norm.h"

#include <gtest/gtest.h>

#include <cmath>

#include "compute/backends/thread_pool.h"
#include "compute/core/error.h"
#include "compute/ops/layer_norm/layer_norm_implementations.h"
#include "support/expect_close.h"
#include "support/gradient_check.h"
#include "support/implementations.h"
#include "support/random_tensor.h"

namespace moescope {
namespace {

// Means of up to 200 numbers of order 1 in float32, about 1e-7 each, times results of up to 4.
constexpr double kTolerance = 1e-6;
// Sums over 300 rows of products of order 1: the error grows with the rows.
constexpr double kSumTolerance = 2e-6;
constexpr int64_t kWidths[] = {1, 3, 17, 32, 49, 128, 197};

TEST(LayerNorm, ByHand) {
  // x = (1, 3): mean 2, variance 1 (population), so z = (-1, 1) up to eps; y = z * (2, 3) + (10, 20) = (8, 23)
  const Buffer x = tensor_of({1, 2}, {1, 3}), scale = tensor_of({2}, {2, 3}), bias = tensor_of({2}, {10, 20});
  Buffer y({1, 2}), mean({1}), rstd({1});
  layer_norm(x, scale, bias, y, mean, rstd);
  expect_numbers(y, {8, 23}, 3e-6, "y");  // eps takes 5e-7 of z
  EXPECT_EQ(mean.f32()[0], 2);
  EXPECT_NEAR(rstd.f32()[0], 1, 1e-6);
}

TEST(LayerNorm, ResidualIsAddedFirst) {
  // (1, 1) + (0, 2) = (1, 3), as above
  const Buffer x = tensor_of({1, 2}, {1, 1}), residual = tensor_of({1, 2}, {0, 2}), scale = tensor_of({2}, {1, 1});
  Buffer y({1, 2}), sum({1, 2});
  layer_norm(x, scale, {}, y, {}, {}, kLayerNormEps, residual, sum);
  expect_numbers(y, {-1, 1}, 1e-6, "y");
  expect_numbers(sum, {1, 3}, 0, "sum");
}

TEST(LayerNorm, EveryForwardAgreesWithTheReference) {
  const int64_t rows = 300;  // shared between threads at the larger widths
  for (const int64_t d : kWidths)
    for (const bool full : {false, true}) {
      const Buffer x = random_tensor({rows, d}, 1), residual = random_tensor({rows, d}, 2),
                   scale = random_tensor({d}, 3), bias = random_tensor({d}, 4);
      Buffer want({rows, d}), want_mean({rows}), want_rstd({rows}), want_sum({rows, d});
      Buffer got({rows, d}), mean({rows}), rstd({rows}), sum({rows, d});
      const Tensor none;
      const auto run = [&](LayerNormFn* fn, const Tensor& y, const Tensor& m, const Tensor& r, const Tensor& s) {
        fn(x, scale, full ? bias.tensor() : none, y, m, r, 1e-5f, full ? residual.tensor() : none, full ? s : none);
      };
      run(reference_of(layer_norm_list()), want, want_mean, want_rstd, want_sum);
      for_each_implementation(layer_norm_list(), [&](LayerNormFn* fn, const std::string& name) {
        run(fn, got, mean, rstd, sum);
        const std::string what = name + " of " + std::to_string(d);
        expect_close(got, want, kTolerance, what + " y");
        expect_close(mean, want_mean, kTolerance, what + " mean");
        expect_close(rstd, want_rstd, kTolerance, what + " rstd");
        if (full) expect_close(sum, want_sum, 0, what + " sum");
      });
    }
}

TEST(LayerNorm, EveryBackwardAgreesWithTheReference) {
  const int64_t rows = 300;
  for (const int64_t d : kWidths) {
    const Buffer x = random_tensor({rows, d}, 1), scale = random_tensor({d}, 3), dy = random_tensor({rows, d}, 5);
    Buffer y({rows, d}), mean({rows}), rstd({rows});
    reference_of(layer_norm_list())(x, scale, {}, y, mean, rstd, 1e-3f, {}, {});
    Buffer want_dx = random_tensor({rows, d}, 6), want_dscale = random_tensor({d}, 7),
           want_dbias = random_tensor({d}, 8);
    reference_of(layer_norm_backward_list())(x, scale, mean, rstd, dy, want_dx, want_dscale, want_dbias);
    for_each_implementation(layer_norm_backward_list(), [&](LayerNormBackwardFn* fn, const std::string& name) {
      Buffer dx = random_tensor({rows, d}, 6), dscale = random_tensor({d}, 7), dbias = random_tensor({d}, 8);
      fn(x, scale, mean, rstd, dy, dx, dscale, dbias);
      const std::string what = name + " of " + std::to_string(d);
      expect_close(dx, want_dx, 2 * kTolerance, what + " dx");
      expect_close(dscale, want_dscale, kSumTolerance, what + " dscale");
      expect_close(dbias, want_dbias, kSumTolerance, what + " dbias");
    });
  }
}

TEST(LayerNorm, SameThreadsGiveTheSameBits) {
  const int64_t rows = 1000, d = 64;
  const Buffer x = random_tensor({rows, d}, 1), scale = random_tensor({d}, 2), dy = random_tensor({rows, d}, 3);
  Buffer y({rows, d}), mean({rows}), rstd({rows}), dx({rows, d});
  layer_norm(x, scale, {}, y, mean, rstd);
  Buffer first({d}), second({d});
  layer_norm_backward(x, scale, mean, rstd, dy, dx, first, {});
  layer_norm_backward(x, scale, mean, rstd, dy, dx, second, {});
  expect_close(second, first, 0, "dscale");
}

TEST(LayerNorm, Gradients) {
  const Buffer x = random_tensor({4, 9}, 1), scale = random_tensor({9}, 2), bias = random_tensor({9}, 3),
               dy = random_tensor({4, 9}, 4);
  Buffer y({4, 9}), mean({4}), rstd({4}), dx({4, 9}), dscale({9}), dbias({9});
  const auto loss = [&] { return layer_norm(x, scale, bias, y, mean, rstd), dot_product(y, dy); };
  loss();
  layer_norm_backward(x, scale, mean, rstd, dy, dx, dscale, dbias);
  expect_gradient(loss, x, dx, "dx");
  expect_gradient(loss, scale, dscale, "dscale");
  expect_gradient(loss, bias, dbias, "dbias");
}

TEST(HeadNorm, NormalisesEachHeadOfAStridedRow) {
  // Two heads of width 2 in rows of 5; the fifth number belongs to somebody else. (1,3) -> (-1,1), (7,5) -> (1,-1)
  Buffer x = tensor_of({1, 5}, {1, 3, 7, 5, 99}), y = tensor_of({1, 5}, {0, 0, 0, 0, 42});
  const Buffer scale = tensor_of({2}, {1, 2});
  head_norm(x.f32(), 5, 1, 2, scale, y.f32(), 5);
  expect_numbers(y, {-1, 2, 1, -2, 42}, 2e-6, "y");
}

TEST(HeadNorm, EveryImplementationAgreesWithTheReference) {
  const int64_t rows = 60, heads = 3;
  const float eps = 0.1f;  // large, so that three nearly equal numbers do not magnify rounding a thousandfold
  for (const int64_t width : {1, 3, 17, 32, 64}) {
    const int64_t stride = heads * width + 5;
    const Buffer x = random_tensor({rows, stride}, 1), dy = random_tensor({rows, stride}, 2),
                 scale = random_tensor({width}, 3);
    Buffer want({rows, stride}), want_dx = copy_of(dy), want_dscale = random_tensor({width}, 4);
    reference_of(head_norm_list())(x.f32(), stride, rows, heads, scale, want.f32(), stride, eps);
    for_each_implementation(head_norm_list(), [&](HeadNormFn* fn, const std::string& name) {
      Buffer y({rows, stride});
      fn(x.f32(), stride, rows, heads, scale, y.f32(), stride, eps);
      expect_close(y, want, kTolerance, name + " of " + std::to_string(width));
    });
    reference_of(head_norm_backward_list())(x.f32(), stride, rows, heads, scale, dy.f32(), stride, want_dx.f32(),
                                            stride, want_dscale, eps);
    for_each_implementation(head_norm_backward_list(), [&](HeadNormBackwardFn* fn, const std::string& name) {
      Buffer dx = copy_of(dy), dscale = random_tensor({width}, 4);
      fn(x.f32(), stride, rows, heads, scale, dx.f32(), stride, dx.f32(), stride, dscale, eps);  // dx is dy
      expect_close(dx, want_dx, 2 * kTolerance, name + " dx of " + std::to_string(width));
      expect_close(dscale, want_dscale, kSumTolerance, name + " dscale of " + std::to_string(width));
    });
  }
}

TEST(HeadNorm, Gradients) {
  const int64_t rows = 3, heads = 2, width = 5, stride = heads * width;
  const Buffer x = random_tensor({rows, stride}, 1), scale = random_tensor({width}, 2),
               dy = random_tensor({rows, stride}, 3);
  Buffer y({rows, stride}), dx({rows, stride}), dscale({width});
  const auto loss = [&] { return head_norm(x.f32(), stride, rows, heads, scale, y.f32(), stride), dot_product(y, dy); };
  head_norm_backward(x.f32(), stride, rows, heads, scale, dy.f32(), stride, dx.f32(), stride, dscale);
  expect_gradient(loss, x, dx, "dx");
  expect_gradient(loss, scale, dscale, "dscale");
}

TEST(LayerNorm, RefusesOtherShapes) {
  const Buffer x({2, 3}), four({4}), three({3}), two({2});
  try {
    layer_norm(x, four, {}, x, {}, {});
    FAIL() << "accepted";
  } catch (const ShapeError& e) {
    EXPECT_STREQ(e.what(), "layer_norm: x (2,3) and scale (4) disagree: expected one number per column");
  }
  EXPECT_THROW(layer_norm(x, three, four, x, {}, {}), ShapeError);
  EXPECT_THROW(layer_norm(x, three, three, x, three, {}), ShapeError);
  EXPECT_THROW(layer_norm(x, three, three, x, two, two, kLayerNormEps, x, four), ShapeError);
  EXPECT_THROW(layer_norm_backward(x, three, two, two, x, x, four, {}), ShapeError);
  EXPECT_THROW(head_norm(x.f32(), 3, 2, 2, three, x.f32(), 3), ShapeError);
  EXPECT_THROW(head_norm_backward(x.f32(), 3, 2, 1, three, x.f32(), 3, x.f32(), 2, three), ShapeError);
}

}  // namespace
}  // namespace moescope
