// Convolutions and pooling: by hand, every implementation against the plain one, gradients by finite differences.
#include "compute/ops/convolution/convolution.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compute/core/error.h"
#include "compute/ops/convolution/convolution_implementations.h"
#include "compute/ops/max_pool/max_pool.h"
#include "support/expect_close.h"
#include "support/gradient_check.h"
#include "support/implementations.h"
#include "support/random_tensor.h"

namespace moescope {
namespace {

TEST(Convolution, ByHand) {
  //  1 2 3     window 1 0     1 + 10*5  2 + 10*6      51 62
  //  4 5 6            0 10    4 + 10*8  5 + 10*9      84 95     and 100 for the bias
  //  7 8 9
  const Buffer x = tensor_of({1, 3, 3, 1}, {1, 2, 3, 4, 5, 6, 7, 8, 9}), w = tensor_of({2, 2, 1, 1}, {1, 0, 0, 10}),
               b = tensor_of({1}, {100});
  const Buffer y({1, 2, 2, 1});
  convolution(x, w, b, {}, y);
  expect_numbers(y, {151, 162, 184, 195}, 0, "y");
}

TEST(Convolution, SamePadsTheLowSideLess) {
  // NUMERICS 5.1: 84 pixels, window 8, stride 4: 21 outputs, (21-1)*4 + 8 - 84 = 4 zeros, 2 on each side; with window 3
  // and stride 2: 42 outputs and one zero, on the high side.
  const WindowedAxis nature = windowed_axis(84, 8, 4, Padding::same), pool = windowed_axis(84, 3, 2, Padding::same);
  EXPECT_EQ(nature.out, 21);
  EXPECT_EQ(nature.low, 2);
  EXPECT_EQ(nature.high, 2);
  EXPECT_EQ(pool.out, 42);
  EXPECT_EQ(pool.low, 0);
  EXPECT_EQ(pool.high, 1);
}

struct Case {
  Shape x, w;
  ConvolutionOptions options;
};

std::vector<Case> cases() {
  return {{{3, 10, 10, 4}, {3, 3, 4, 16}, {}},
          {{2, 9, 7, 3}, {3, 2, 3, 5}, {1, 1, Padding::same}},
          {{2, 11, 13, 5}, {4, 4, 5, 33}, {2, 2, Padding::same}},
          {{1, 6, 8, 2}, {2, 4, 2, 7}, {2, 4, Padding::valid}}};
}

/// The same with few numbers that are not 0, as a small game shows them.
Buffer mostly_zeros(const Shape& shape) {
  Buffer x = random_tensor(shape, 5);
  for (int64_t i = 0; i < shape.size(); ++i)
    if (i * 2654435761 % 11 != 0) x.f32()[i] = 0;
  return x;
}

TEST(Convolution, EveryImplementationDoesWhatThePlainOneDoes) {
  std::vector<std::pair<Case, bool>> all;
  for (const Case& c : cases()) all.insert(all.end(), {{c, false}, {c, true}});
  for (const auto& [c, few] : all) {
    const Buffer x = few ? mostly_zeros(c.x) : random_tensor(c.x, 1), w = random_tensor(c.w, 2),
                 b = random_tensor({c.w[3]}, 3);
    const Shape out = convolved_shape(c.x, c.w, c.options);
    const Buffer dy = random_tensor(out, 4), want(out), want_dx(c.x), want_dw(c.w), want_db(Shape{c.w[3]});
    reference_of(convolution_list())(x, w, b, c.options, want);
    reference_of(convolution_backward_list())(x, w, dy, c.options, want_dx, want_dw, want_db);
    for_each_implementation(convolution_list(), [&](ConvolutionFn* run, const std::string& name) {
      const Buffer y(out);
      run(x, w, b, c.options, y);
      expect_close(y, want, 1e-5, name + (few ? " of few numbers" : ""));  // sums of up to 80 products in float32
    });
    for_each_implementation(convolution_backward_list(), [&](ConvolutionBackwardFn* run, const std::string& name) {
      const Buffer dx(c.x), dw(c.w), db(Shape{c.w[3]});
      run(x, w, dy, c.options, dx, dw, db);
      expect_close(dx, want_dx, 1e-5, name + " dx");
      expect_close(dw, want_dw, 1e-5, name + " dw");
      expect_close(db, want_db, 1e-5, name + " db");
    });
  }
}

TEST(Convolution, GradientsAgreeWithFiniteDifferences) {
  for (const Case& c : cases()) {
    const Buffer x = random_tensor(c.x, 1), w = random_tensor(c.w, 2), b = random_tensor({c.w[3]}, 3);
    const Shape out = convolved_shape(c.x, c.w, c.options);
    const Buffer dy = random_tensor(out, 4), y(out), dx(c.x), dw(c.w), db(Shape{c.w[3]});
    const auto loss = [&] {
      convolution(x, w, b, c.options, y);
      return dot_product(y, dy);
    };
    convolution_backward(x, w, dy, c.options, dx, dw, db);
    expect_gradient(loss, x, dx, "dx");
    expect_gradient(loss, w, dw, "dw");
    expect_gradient(loss, b, db, "db");
  }
}

TEST(Convolution, RefusesAWindowThatDoesNotFit) {
  const Buffer x({1, 2, 2, 1}), w({3, 3, 1, 1}), b(Shape{1}), y({1, 1, 1, 1});
  EXPECT_THROW(convolution(x, w, b, {}, y), ShapeError);
  try {
    convolved_shape({1, 8, 8, 4}, {3, 3, 5, 16}, {});
    FAIL() << "accepted";
  } catch (const ShapeError& e) { EXPECT_THAT(e.what(), testing::HasSubstr("(1,8,8,4) and w (3,3,5,16) disagree")); }
}

TEST(MaxPool, TakesTheLargestAndSendsItsGradientBack) {
  //  1 9 2 3     windows of 3 by 3, stride 2, one column and one row of minus infinity on the high side:
  //  4 5 6 7     9 7
  //  8 0 1 2     8 2
  //  0 0 0 0
  const Buffer x = tensor_of({1, 4, 4, 1}, {1, 9, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2, 0, 0, 0, 0}), y({1, 2, 2, 1}),
               from({1, 2, 2, 1}, DType::i32);
  max_pool(x, 3, 2, y, from);
  expect_numbers(y, {9, 7, 8, 2}, 0, "y");
  const Buffer dy = tensor_of({1, 2, 2, 1}, {10, 20, 30, 40}), dx({1, 4, 4, 1});
  max_pool_backward(dy, from, dx);
  expect_numbers(dx, {0, 10, 0, 0, 0, 0, 0, 20, 30, 0, 0, 40, 0, 0, 0, 0}, 0, "dx");
}

}  // namespace
}  // namespace moescope
