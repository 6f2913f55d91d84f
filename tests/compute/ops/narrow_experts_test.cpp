// Narrow experts: by hand, every implementation against the plain one, gradients by finite differences.
#include "compute/ops/narrow_experts/narrow_experts.h"

#include <gtest/gtest.h>

#include "compute/core/error.h"
#include "compute/ops/narrow_experts/narrow_experts_implementations.h"
#include "support/expect_close.h"
#include "support/gradient_check.h"
#include "support/implementations.h"
#include "support/random_tensor.h"

namespace moescope {
namespace {

TEST(NarrowExperts, ByHand) {
  // expert 0: relu(2*3 + 1) = 7, 7*10 + 5 = 75; relu(-4*3 + 1) = 0, 5.   expert 1: relu(1*2 - 1) = 1, 1*4 + 0 = 4
  const Buffer x = tensor_of({3, 1}, {2, -4, 1}), w1 = tensor_of({2, 1, 1}, {3, 2}), b1 = tensor_of({2, 1}, {1, -1}),
               w2 = tensor_of({2, 1, 1}, {10, 4}), b2 = tensor_of({2, 1}, {5, 0}), y({3, 1}), hidden({3, 1});
  const int32_t offset[] = {0, 2, 3};
  narrow_experts(x, offset, {w1, b1, w2, b2}, hidden, y);
  expect_numbers(y, {75, 5, 4}, 0, "y");
  expect_numbers(hidden, {7, 0, 1}, 0, "hidden");
}

struct Case {
  int64_t width, hidden;
  std::vector<int32_t> offset;
  Buffer x, w1, b1, w2, b2, dy;
  Case(int64_t d, int64_t h, std::vector<int32_t> rows)
      : width(d),
        hidden(h),
        offset(std::move(rows)),
        x(random_tensor({offset.back(), d}, 1)),
        w1(random_tensor({experts(), d, h}, 2)),
        b1(random_tensor({experts(), h}, 3)),
        w2(random_tensor({experts(), h, d}, 4)),
        b2(random_tensor({experts(), d}, 5)),
        dy(random_tensor({offset.back(), d}, 6)) {}
  int64_t experts() const { return static_cast<int64_t>(offset.size()) - 1; }
  ExpertTensors tensors() const { return {w1, b1, w2, b2}; }
};

/// Gradients that begin at 1, since they are added to.
struct Gradients {
  Buffer w1, b1, w2, b2;
  explicit Gradients(const Case& c) : w1(ones(c.w1)), b1(ones(c.b1)), w2(ones(c.w2)), b2(ones(c.b2)) {}
  static Buffer ones(const Tensor& like) {
    Buffer b(like.shape());
    std::fill_n(b.f32(), like.size(), 1.0f);
    return b;
  }
  ExpertTensors tensors() const { return {w1, b1, w2, b2}; }
};

TEST(NarrowExperts, EveryImplementationDoesWhatThePlainOneDoes) {
  // Blocks of 24 rows at 128 units: more than one, and a rest; experts without rows; widths that end within a vector.
  for (const auto& [d, h, offset] : {std::tuple{int64_t{16}, int64_t{128}, std::vector<int32_t>{0, 100, 200}},
                                     {5, 7, {0, 3, 3, 4}},
                                     {32, 70, {0, 0, 61}},
                                     {1, 600, {0, 30}}}) {
    const Case c(d, h, offset);
    Buffer want(c.x.tensor().shape()), want_hidden({c.x.tensor().dim(0), h}), want_dx(c.x.tensor().shape());
    const Gradients want_g(c);
    reference_of(narrow_experts_list())(c.x, c.offset.data(), c.tensors(), want_hidden, want);
    reference_of(narrow_experts_backward_list())(c.x, c.offset.data(), c.tensors(), want_hidden, c.dy, want_dx,
                                                 want_g.tensors());
    // Sums of up to 600 products in float32; the plain gradients too are summed so, row after row.
    constexpr double kTolerance = 2e-6;
    for_each_implementation(narrow_experts_list(), [&](NarrowExpertsFn* run, const std::string& name) {
      Buffer y(c.x.tensor().shape()), hidden(want_hidden.tensor().shape());
      run(c.x, c.offset.data(), c.tensors(), hidden, y);
      expect_close(y, want, kTolerance, name);
      expect_close(hidden, want_hidden, kTolerance, name + " hidden");
      run(c.x, c.offset.data(), c.tensors(), {}, y);
      expect_close(y, want, kTolerance, name + " without keeping");
    });
    for_each_implementation(narrow_experts_backward_list(), [&](NarrowExpertsBackwardFn* run, const std::string& name) {
      const Gradients g(c);
      Buffer dx = copy_of(c.dy);  // in place
      run(c.x, c.offset.data(), c.tensors(), want_hidden, dx, dx, g.tensors());
      expect_close(dx, want_dx, kTolerance, name + " dx");
      expect_close(g.w1, want_g.w1, kTolerance, name + " dw1");
      expect_close(g.b1, want_g.b1, kTolerance, name + " db1");
      expect_close(g.w2, want_g.w2, kTolerance, name + " dw2");
      expect_close(g.b2, want_g.b2, kTolerance, name + " db2");
    });
  }
}

TEST(NarrowExperts, Gradients) {
  const Case c(3, 6, {0, 2, 5});
  Buffer y(c.x.tensor().shape()), hidden({5, 6}), dx(c.x.tensor().shape());
  Buffer dw1(c.w1.tensor().shape()), db1(c.b1.tensor().shape()), dw2(c.w2.tensor().shape()), db2(c.b2.tensor().shape());
  const auto loss = [&] {
    narrow_experts(c.x, c.offset.data(), c.tensors(), hidden, y);
    return dot_product(y, c.dy);
  };
  loss();
  narrow_experts_backward(c.x, c.offset.data(), c.tensors(), hidden, c.dy, dx, {dw1, db1, dw2, db2});
  expect_gradient(loss, c.x, dx, "dx");
  expect_gradient(loss, c.w1, dw1, "dw1");
  expect_gradient(loss, c.b1, db1, "db1");
  expect_gradient(loss, c.w2, dw2, "dw2");
  expect_gradient(loss, c.b2, db2, "db2");
}

TEST(NarrowExperts, RefusesShapesThatDisagree) {
  const Case c(3, 6, {0, 2, 5});
  const Buffer y(c.x.tensor().shape()), narrow({5, 2});
  EXPECT_THROW(narrow_experts(narrow, c.offset.data(), c.tensors(), {}, y), ShapeError);
  EXPECT_THROW(narrow_experts_backward(c.x, c.offset.data(), c.tensors(), {}, c.dy, y, c.tensors()), ShapeError);
}

}  // namespace
}  // namespace moescope
