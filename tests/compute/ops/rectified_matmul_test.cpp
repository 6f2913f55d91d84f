// Products of rectified rows: by hand, and every implementation against the plain one.
#include "compute/ops/rectified_matmul/rectified_matmul.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>

#include "compute/core/error.h"
#include "compute/ops/rectified_matmul/rectified_matmul_implementations.h"
#include "support/expect_close.h"
#include "support/implementations.h"
#include "support/random_tensor.h"

namespace moescope {
namespace {

TEST(RectifiedMatmul, ByHand) {
  // 2*10 + 0*inf + 3*30 + 1 = 111: what is 0 is not multiplied.
  const Buffer a = tensor_of({1, 3}, {2, 0, 3}),
               b = tensor_of({3, 1}, {10, std::numeric_limits<float>::infinity(), 30}), bias = tensor_of({1}, {1}),
               y({1, 1}), dy = tensor_of({1, 1}, {5}), db = tensor_of({3, 1}, {1, 1, 1});
  rectified_matmul(a, b, bias, y);
  expect_numbers(y, {111}, 0, "y");
  rectified_matmul_weights(a, dy, db);
  expect_numbers(db, {11, 1, 16}, 0, "db");
}

Buffer rectified(const Shape& shape) {
  Buffer a = random_tensor(shape, 1);
  for (int64_t i = 0; i < shape.size(); ++i) a.f32()[i] = std::max(a.f32()[i], 0.0f);
  return a;
}

TEST(RectifiedMatmul, EveryImplementationDoesWhatThePlainOneDoes) {
  constexpr double kTolerance = 2e-6;  // sums of up to 600 products in float32
  for (const auto& [m, k, n] : {std::array<int64_t, 3>{32, 600, 128}, {1, 1, 1}, {3, 70, 37}, {130, 65, 300}}) {
    const Buffer a = rectified({m, k}), b = random_tensor({k, n}, 2), bias = random_tensor({n}, 3),
                 dy = random_tensor({m, n}, 4), want({m, n}), before = random_tensor({k, n}, 5),
                 want_db = copy_of(before);
    reference_of(rectified_matmul_list())(a, b, bias, want);
    reference_of(rectified_matmul_weights_list())(a, dy, want_db);
    for_each_implementation(rectified_matmul_list(), [&](RectifiedMatmulFn* run, const std::string& name) {
      const Buffer y({m, n});
      run(a, b, bias, y);
      expect_close(y, want, kTolerance, name);
    });
    for_each_implementation(rectified_matmul_weights_list(),
                            [&](RectifiedMatmulWeightsFn* run, const std::string& name) {
                              const Buffer db = copy_of(before);
                              run(a, dy, db);
                              expect_close(db, want_db, kTolerance, name + " db");
                            });
  }
}

TEST(RectifiedMatmul, RefusesShapesThatDisagree) {
  const Buffer a({2, 3}), b({4, 5}), bias(Shape{5}), y({2, 5});
  EXPECT_THROW(rectified_matmul(a, b, bias, y), ShapeError);
  EXPECT_THROW(rectified_matmul_weights(a, y, b), ShapeError);
}

}  // namespace
}  // namespace moescope
