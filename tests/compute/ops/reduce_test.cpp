// Small sums and copies: by hand, every implementation against the reference, bfloat16 ties and NaN, shapes refused.
#include "compute/ops/reduce/reduce.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>

#include "compute/core/error.h"
#include "compute/ops/reduce/reduce_implementations.h"
#include "support/expect_close.h"
#include "support/implementations.h"
#include "support/random_tensor.h"

namespace moescope {
namespace {

// Sums of up to 700 numbers of order 1, added in stretches of 32.
constexpr double kTolerance = 1e-6;
constexpr int64_t kWidths[] = {1, 3, 17, 49, 64, 128, 197, 513};

TEST(Reduce, SumsByHand) {
  const Buffer x = tensor_of({4, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
  Buffer sum = tensor_of({2}, {100, 200});
  add_column_sums(x, sum);  // 100 + 1+3+5+7, 200 + 2+4+6+8
  expect_numbers(sum, {116, 220}, 0, "sum");
  Buffer mean({2, 2});
  mean_rows(x, 2, mean);  // (1+3)/2, (2+4)/2; (5+7)/2, (6+8)/2
  expect_numbers(mean, {2, 3, 6, 7}, 0, "mean");
  Buffer dx({4, 2});
  mean_rows_backward(mean, 2, dx);  // halves
  expect_numbers(dx, {1, 1.5f, 1, 1.5f, 3, 3.5f, 3, 3.5f}, 0, "dx");
  Buffer table = tensor_of({2, 2}, {10, 20, 30, 40});
  add_to_each_backward(x, table, 2);  // + (1+5, 2+6, 3+7, 4+8)
  expect_numbers(table, {16, 28, 40, 52}, 0, "table");
  add_to_each(table, x, 2);
  expect_numbers(x, {17, 30, 43, 56, 21, 34, 47, 60}, 0, "x");
}

TEST(Reduce, GroupedSumsByHand) {
  // Expert 0 has rows 0 and 1, expert 1 none, expert 2 row 2.
  const Buffer x = tensor_of({3, 1}, {1, 2, 4});
  const int32_t offset[] = {0, 2, 2, 3};
  Buffer sum = tensor_of({3, 1}, {10, 20, 30});
  add_column_sums_grouped(x, offset, sum);
  expect_numbers(sum, {13, 20, 34}, 0, "sum");
}

TEST(Reduce, EveryColumnSumAgreesWithTheReference) {
  const int64_t rows = 700;
  const int32_t offset[] = {0, 1, 1, 500, 700};
  for (const int64_t n : kWidths) {
    const Buffer x = random_tensor({rows, n}, 1);
    const std::string width = " of " + std::to_string(n);
    Buffer want = random_tensor({n}, 2), want_grouped = random_tensor({4, n}, 3), want_mean({7, n}),
           want_table = random_tensor({100, n}, 4);
    reference_of(add_column_sums_list())(x, want);
    reference_of(add_column_sums_grouped_list())(x, offset, want_grouped);
    reference_of(mean_rows_list())(x, 7, want_mean);
    reference_of(add_to_each_backward_list())(x, want_table, 7);
    for_each_implementation(add_column_sums_list(), [&](AddColumnSumsFn* run, const std::string& name) {
      Buffer got = random_tensor({n}, 2);
      run(x, got);
      expect_close(got, want, kTolerance, name + width);
    });
    for_each_implementation(add_column_sums_grouped_list(), [&](AddColumnSumsGroupedFn* run, const std::string& name) {
      Buffer got = random_tensor({4, n}, 3);
      run(x, offset, got);
      expect_close(got, want_grouped, kTolerance, name + width);
    });
    for_each_implementation(mean_rows_list(), [&](MeanRowsFn* run, const std::string& name) {
      Buffer got({7, n});
      run(x, 7, got);
      expect_close(got, want_mean, kTolerance, name + width);
    });
    for_each_implementation(add_to_each_backward_list(), [&](AddToEachBackwardFn* run, const std::string& name) {
      Buffer got = random_tensor({100, n}, 4);
      run(x, got, 7);
      expect_close(got, want_table, kTolerance, name + width);
    });
  }
}

TEST(Reduce, EveryElementwiseImplementationIsExact) {
  for (const int64_t n : {1, 3, 17, 49, 197, 70000}) {
    const Buffer x = random_tensor({n}, 1), before = random_tensor({n}, 2);
    const auto expect_each = [&](const Tensor& got, auto&& want, const std::string& name) {
      for (int64_t i = 0; i < n; ++i) ASSERT_EQ(got.f32()[i], want(i)) << name << " at " << i;
    };
    for_each_implementation(add_list(), [&](AddFn* run, const std::string& name) {
      const Buffer y = copy_of(before);
      run(x, y);
      expect_each(
          y, [&](int64_t i) { return before.f32()[i] + x.f32()[i]; }, name);
    });
    for_each_implementation(scale_list(), [&](ScaleFn* run, const std::string& name) {
      const Buffer y = copy_of(x);
      run(y, 3);
      expect_each(
          y, [&](int64_t i) { return x.f32()[i] * 3; }, name);
    });
    for_each_implementation(copy_list(), [&](CopyFn* run, const std::string& name) {
      const Buffer y({n});
      run(x, y);
      expect_each(
          y, [&](int64_t i) { return x.f32()[i]; }, name);
    });
    for_each_implementation(fill_list(), [&](FillFn* run, const std::string& name) {
      const Buffer y({n});
      run(y, 7);
      expect_each(
          y, [](int64_t) { return 7; }, name);
    });
    for_each_implementation(add_to_each_list(), [&](AddToEachFn* run, const std::string& name) {
      const Buffer y({2, n});
      run(x, y, 2);
      expect_each(
          y.tensor().row(0), [&](int64_t i) { return x.f32()[i]; }, name);
      expect_each(
          y.tensor().row(1), [&](int64_t i) { return x.f32()[i]; }, name);
    });
    for_each_implementation(mean_rows_backward_list(), [&](MeanRowsBackwardFn* run, const std::string& name) {
      const Buffer dx({2, n});
      run(x.tensor().reshaped({1, n}), 1, dx);
      expect_each(
          dx.tensor().row(1), [&](int64_t i) { return x.f32()[i] / 2; }, name);
    });
    for_each_implementation(round_to_bf16_list(), [&](RoundToBf16Fn* run, const std::string& name) {
      Buffer want({n}), got = copy_of(x);
      reference_of(round_to_bf16_list())(x, want);
      run(got, got);
      expect_each(
          got, [&](int64_t i) { return want.f32()[i]; }, name);
    });
  }
}

TEST(Reduce, Bf16RoundsTiesToEven) {
  // bfloat16 keeps 7 bits after the point: at 1 the step is 1/128, so 1 + 1/256 and 1 + 3/256 are ties.
  const float inf = std::numeric_limits<float>::infinity();
  for_each_implementation(round_to_bf16_list(), [&](RoundToBf16Fn* run, const std::string& name) {
    const Buffer x =
        tensor_of({9}, {1, 1 + 1 / 256.f, 1 + 3 / 256.f, -(1 + 3 / 256.f), 1 + 1 / 255.f, 3.4e38f, inf, -inf,
                        std::bit_cast<float>(0x7f800001u)});  // the last: a NaN that truncation would make infinite
    Buffer y({9});
    run(x, y);
    const float want[] = {1, 1, 1 + 2 / 128.f, -(1 + 2 / 128.f), 1 + 1 / 128.f, inf, inf, -inf};
    for (int i = 0; i < 8; ++i) EXPECT_EQ(y.f32()[i], want[i]) << name << " at " << i;
    EXPECT_TRUE(std::isnan(y.f32()[8])) << name;
  });
}

TEST(Reduce, RefusesOtherShapes) {
  const Buffer x({4, 3}), two({2}), three({3});
  try {
    add_column_sums(x, two);
    FAIL() << "accepted";
  } catch (const ShapeError& e) {
    EXPECT_STREQ(e.what(), "add_column_sums: x (4,3) and sum (2) disagree: expected one number per column");
  }
  try {
    mean_rows(x, 3, x);
    FAIL() << "accepted";
  } catch (const ShapeError& e) {
    EXPECT_STREQ(e.what(),
                 "mean_rows: x (4,3) and mean (4,3) disagree for 3 images: expected the same rows for each image");
  }
  const int32_t offset[] = {0, 4};
  EXPECT_THROW(add_column_sums_grouped(x, offset, Buffer({1, 2})), ShapeError);
  EXPECT_THROW(add(x, two), ShapeError);
  EXPECT_THROW(add_to_each(three, x, 3), ShapeError);
  EXPECT_THROW(add_to_each_backward(x, three, 3), ShapeError);
  EXPECT_THROW(mean_rows_backward(three, 2, x), ShapeError);
  EXPECT_THROW(copy(x, two), ShapeError);
  EXPECT_THROW(round_to_bf16(x, two), ShapeError);
}

}  // namespace
}  // namespace moescope
