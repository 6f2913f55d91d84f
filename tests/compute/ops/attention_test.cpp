// Attention: by hand, every implementation against the reference, gradients, and operands refused at the door.
#include "compute/ops/attention/attention.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "compute/core/error.h"
#include "compute/ops/attention/attention_implementations.h"
#include "compute/ops/matmul/matmul.h"
#include "support/expect_close.h"
#include "support/gradient_check.h"
#include "support/implementations.h"
#include "support/random_tensor.h"

namespace moescope {
namespace {

// Scores are sums of up to 64 products over a root, rounded to some 3e-7; the exponential passes that on.
constexpr double kTolerance = 2e-6;

HeadRows rows(const Tensor& t, int64_t column = 0) { return {t.f32() + column, t.dim(-1)}; }

// q, k, v as columns of one packed projection (N*L, 3D), as in self-attention.
struct Packed {
  AttentionShape shape;
  int64_t width;
  Buffer qkv, dout;
  explicit Packed(int64_t images, int64_t tokens, int64_t heads, int64_t head_width)
      : shape{images, tokens, tokens, heads, head_width},
        width(heads * head_width),
        qkv(random_tensor({images * tokens, 3 * width}, 1, 1.5)),
        dout(random_tensor({images * tokens, width}, 2)) {}

  template <class Fn>
  Buffer forward(Fn* run, const Tensor& probabilities = {}) const {
    Buffer out(dout.tensor().shape());
    run(shape, rows(qkv), rows(qkv, width), rows(qkv, 2 * width), rows(out), probabilities);
    return out;
  }
  template <class Fn>
  Buffer backward(Fn* run) const {
    Buffer d = copy_of(qkv);  // to be overwritten
    run(shape, rows(qkv), rows(qkv, width), rows(qkv, 2 * width), rows(dout), rows(d), rows(d, width),
        rows(d, 2 * width));
    return d;
  }
};

TEST(Attention, ByHand) {
  // One query, two keys, width 4, so the factor is 1/2. q.k = 0 and 2 log 3: scores 0 and log 3, probabilities 1/4 and
  // 3/4; values (4,0,8,0) and (0,8,0,16): out = (1, 6, 2, 12)
  const float log3 = std::log(3.f);
  const Buffer q = tensor_of({1, 4}, {2, 0, 0, 0}), k = tensor_of({2, 4}, {0, 1, 1, 1, log3, 0, 0, 5}),
               v = tensor_of({2, 4}, {4, 0, 8, 0, 0, 8, 0, 16});
  Buffer out({1, 4}), probabilities({1, 1, 1, 2});
  const AttentionShape shape{1, 1, 2, 1, 4};
  const int64_t before = flops_done();
  attention(shape, rows(q), rows(k), rows(v), rows(out), probabilities);
  expect_numbers(out, {1, 6, 2, 12}, 3e-6, "out");
  expect_numbers(probabilities, {.25f, .75f}, 1e-6, "probabilities");
  EXPECT_EQ(flops_done() - before, 4 * 1 * 2 * 4);
}

TEST(Attention, EveryImplementationAgreesWithTheReference) {
  for (const auto& [images, tokens, heads, width] : {std::array<int64_t, 4>{1, 1, 1, 1},
                                                     {2, 3, 2, 5},
                                                     {3, 17, 2, 8},
                                                     {2, 49, 4, 32},
                                                     {1, 65, 3, 64},
                                                     {1, 197, 1, 33}}) {
    const Packed p(images, tokens, heads, width);
    Buffer want_p({images, heads, tokens, tokens}), got_p({images, heads, tokens, tokens});
    const Buffer want = p.forward(reference_of(attention_list()), want_p);
    const Buffer want_d = p.backward(reference_of(attention_backward_list()));
    const std::string size = " of " + std::to_string(tokens) + " tokens";
    for_each_implementation(attention_list(), [&](AttentionFn* run, const std::string& name) {
      expect_close(p.forward(run, got_p), want, kTolerance, name + size);
      expect_close(got_p, want_p, kTolerance, name + size + ", probabilities");
      expect_close(p.forward(run), want, kTolerance, name + size + ", without probabilities");
    });
    for_each_implementation(attention_backward_list(), [&](AttentionBackwardFn* run, const std::string& name) {
      expect_close(p.backward(run), want_d, 2 * kTolerance, name + size);
    });
  }
}

TEST(Attention, OneProbeMayAttendToManyKeys) {
  const AttentionShape shape{2, 1, 49, 2, 16};
  const Buffer q = random_tensor({2, 32}, 1), k = random_tensor({98, 32}, 2), v = random_tensor({98, 32}, 3);
  Buffer want({2, 32}), got({2, 32});
  reference_of(attention_list())(shape, rows(q), rows(k), rows(v), rows(want), {});
  for_each_implementation(attention_list(), [&](AttentionFn* run, const std::string& name) {
    run(shape, rows(q), rows(k), rows(v), rows(got), {});
    expect_close(got, want, kTolerance, name);
  });
}

TEST(Attention, Gradient) {
  const Packed p(2, 3, 2, 3);
  expect_gradient([&] { return dot_product(p.forward(attention), p.dout); }, p.qkv, p.backward(attention_backward),
                  "dqkv");
}

TEST(Attention, LargeScoresStayFiniteAndNaNComesThrough) {
  for_each_implementation(attention_list(), [&](AttentionFn* run, const std::string& name) {
    const Buffer q = tensor_of({1, 1}, {1e20f}), k = tensor_of({3, 1}, {-1e17f, 1e17f, 0}),
                 v = tensor_of({3, 1}, {1, 2, 3});
    Buffer out({1, 1});
    const AttentionShape shape{1, 1, 3, 1, 1};
    run(shape, rows(q), rows(k), rows(v), rows(out), {});
    EXPECT_EQ(out.f32()[0], 2) << name;
    k.f32()[2] = NAN;
    run(shape, rows(q), rows(k), rows(v), rows(out), {});
    EXPECT_TRUE(std::isnan(out.f32()[0])) << name;
  });
}

TEST(Attention, RefusesRowsThatAreTooNarrow) {
  const Buffer x({4, 8}), probabilities({3});
  try {
    attention({1, 4, 4, 2, 5}, rows(x), rows(x), rows(x), rows(x));
    FAIL() << "accepted";
  } catch (const ShapeError& e) {
    EXPECT_STREQ(e.what(), "attention: rows of q stand 8 numbers apart, but 2 heads of width 5 need 10");
  }
  EXPECT_THROW(attention({1, 4, 4, 2, 4}, rows(x), rows(x), rows(x), rows(x), probabilities), ShapeError);
  EXPECT_THROW(attention({1, 4, 0, 2, 4}, rows(x), rows(x), rows(x), rows(x)), ShapeError);
  EXPECT_THROW(attention_backward({1, 4, 4, 3, 4}, rows(x), rows(x), rows(x), rows(x), rows(x), rows(x), rows(x)),
               ShapeError);
}

}  // namespace
}  // namespace moescope
