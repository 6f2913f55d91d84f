// Matrix products: by hand, every implementation against the reference, ragged experts, and shapes refused at the door.
#include "compute/ops/matmul/matmul.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "compute/backends/thread_pool.h"
#include "compute/core/arena.h"
#include "compute/core/error.h"
#include "compute/core/rng.h"
#include "compute/ops/matmul/matmul_implementations.h"
#include "compute/ops/reduce/reduce.h"

namespace moescope {
namespace {

Buffer random(Shape shape, uint64_t seed) {
  Buffer b(shape);
  Rng(seed, RngPurpose::test).fill_normal(b.f32(), b.size(), 1);
  return b;
}

// Float32 sums of k products of unit normals: the error grows like sqrt(k) * 2^-24 * sqrt(k).
double tolerance(int64_t k) { return 1e-6 * static_cast<double>(k + 8); }

void expect_near(const Tensor& got, const Tensor& want, double limit, const std::string& what) {
  for (int64_t i = 0; i < want.size(); ++i)
    ASSERT_TRUE(std::abs(got.f32()[i] - want.f32()[i]) <= limit)
        << what << " at " << i << ": " << got.f32()[i] << " for " << want.f32()[i];
}

TEST(Matmul, TwoByTwo) {
  // [1 2] [5 6]   [1*5+2*7  1*6+2*8]   [19 22]
  // [3 4] [7 8] = [3*5+4*7  3*6+4*8] = [43 50], and the bias [1 -1] on each row
  float a[] = {1, 2, 3, 4}, b[] = {5, 6, 7, 8}, y[4], bias[] = {1, -1};
  matmul(Tensor(a, {2, 2}), Tensor(b, {2, 2}), Tensor(y, {2, 2}), {}, Tensor(bias, {2}));
  EXPECT_EQ(std::vector<float>(y, y + 4), (std::vector<float>{20, 21, 44, 49}));
  matmul(Tensor(a, {2, 2}), Tensor(b, {2, 2}), Tensor(y, {2, 2}), {.accumulate = true});
  EXPECT_EQ(std::vector<float>(y, y + 4), (std::vector<float>{39, 43, 87, 99}));
}

TEST(Matmul, EveryImplementationAgreesWithTheReference) {
  for (const InstructionSet set : runnable_instruction_sets()) {
    const UseInstructionSet use(set);
    const auto& one = gemm_implementations().choose(Device::cpu);
    for (const auto [m, n, k] : {std::array<int64_t, 3>{1, 1, 1},
                                 {2, 33, 6},
                                 {3, 17, 5},
                                 {7, 1030, 7},
                                 {8, 20, 9},
                                 {9, 20, 9},
                                 {49, 128, 33},
                                 {130, 70, 257},
                                 {4, 9, 0}})
      for (int flags = 0; flags < 32; ++flags) {
        const bool ta = flags & 1, tb = flags & 2, accumulate = flags & 4, with_bias = (flags & 8) && !accumulate,
                   steady = flags & 16;
        const Buffer a = random({m, std::max<int64_t>(k, 1)}, 1), b = random({std::max<int64_t>(k, 1), n}, 2),
                     bias = random({n}, 3);
        Buffer got = random({m, n}, 4), want = random({m, n}, 4);
        Gemm g{m,
               n,
               k,
               a.f32(),
               ta ? m : std::max<int64_t>(k, 1),
               ta,
               b.f32(),
               tb ? std::max<int64_t>(k, 1) : n,
               tb,
               got.f32(),
               n,
               accumulate,
               with_bias ? bias.f32() : nullptr};
        one.run(g, steady);
        g.y = want.f32();
        gemm_reference(g);
        expect_near(got, want, tolerance(k),
                    std::string(one.name) + " " + std::to_string(m) + "x" + std::to_string(n) + "x" +
                        std::to_string(k) + " flags " + std::to_string(flags));
      }
  }
}

TEST(Matmul, ThreadsDoNotChangeTheMeaning) {
  const Buffer a = random({301, 64}, 1), b = random({64, 190}, 2);
  Buffer one({301, 190}), many({301, 190});
  const int before = cpu_pool().num_threads();
  set_cpu_threads(1);
  matmul(a, b, one);
  set_cpu_threads(4);
  matmul(a, b, many);
  set_cpu_threads(before);
  expect_near(many, one, tolerance(64), "4 threads");
}

TEST(Matmul, Bfloat16MultipliesRoundedOperands) {
  // 1 + 2^-8 lies between two bfloat16 neighbours, 1 and 1 + 2^-7, and goes to the even one: 1. So 1.00390625 * 3 is 3.
  float one[] = {1.00390625f}, three[] = {3}, y[1];
  gemm_bf16({1, 1, 1, one, 1, false, three, 1, false, y, 1, false, nullptr}, false);
  EXPECT_EQ(y[0], 3.0f);

  const int64_t m = 37, n = 50, k = 65;
  for (int flags = 0; flags < 16; ++flags) {
    const bool ta = flags & 1, tb = flags & 2, accumulate = flags & 4, steady = flags & 8;
    Buffer a = random({m, k}, 1), b = random({k, n}, 2), got = random({m, n}, 4), want = random({m, n}, 4);
    Gemm g{m, n, k, a.f32(), ta ? m : k, ta, b.f32(), tb ? k : n, tb, got.f32(), n, accumulate, nullptr};
    gemm_bf16(g, steady);
    round_to_bf16(a, a);
    round_to_bf16(b, b);
    g.y = want.f32();
    gemm_reference(g);
    expect_near(got, want, tolerance(k), "flags " + std::to_string(flags));
  }
}

class Grouped : public testing::TestWithParam<std::vector<int32_t>> {};

TEST_P(Grouped, EachExpertMeetsItsOwnRows) {
  const std::vector<int32_t>& offset = GetParam();
  const int64_t experts = static_cast<int64_t>(offset.size()) - 1, rows = offset.back(), k = 33, n = 40;
  const Buffer a = random({rows, k}, 1), b = random({experts, k, n}, 2), bias = random({experts, n}, 3),
               dy = random({rows, n}, 5);
  Buffer got({rows, n}), want({rows, n}), back({rows, k}), want_back({rows, k}), dw = random({experts, k, n}, 6),
                                                                                 want_dw = random({experts, k, n}, 6);
  grouped_matmul(a, offset.data(), b, got, {}, bias);
  grouped_matmul(dy, offset.data(), b, back, {.transpose_b = true});
  grouped_matmul_weights(a, offset.data(), dy, dw);
  for (int64_t e = 0; e < experts; ++e) {
    const int64_t first = offset[e], count = offset[e + 1] - first;
    gemm_reference({count, n, k, a.f32() + first * k, k, false, b.f32() + e * k * n, n, false, want.f32() + first * n,
                    n, false, bias.f32() + e * n});
    gemm_reference({count, k, n, dy.f32() + first * n, n, false, b.f32() + e * k * n, n, true,
                    want_back.f32() + first * k, k, false, nullptr});
    gemm_reference({k, n, count, a.f32() + first * k, k, true, dy.f32() + first * n, n, false,
                    want_dw.f32() + e * k * n, n, true, nullptr});
  }
  expect_near(got, want, tolerance(k), "forward");
  expect_near(back, want_back, tolerance(n), "inputs");
  expect_near(dw, want_dw, tolerance(rows), "weights");
}

INSTANTIATE_TEST_SUITE_P(Offsets, Grouped,
                         testing::Values(std::vector<int32_t>{0, 300}, std::vector<int32_t>{0, 0, 7, 7, 250, 251, 1000},
                                         std::vector<int32_t>{0, 100, 200, 300, 400},
                                         std::vector<int32_t>{0, 0, 0, 1}));

TEST(Matmul, RefusesOperandsThatDisagree) {
  const Buffer a({2, 3}), b({4, 5}), y({2, 5});
  try {
    matmul(a, b, y);
    FAIL();
  } catch (const ShapeError& e) { EXPECT_STREQ(e.what(), "matmul: a (2,3), b (4,5) and y (2,5) disagree"); }
}

TEST(Matmul, CountsItsWork) {
  const Buffer a({2, 3}), b({3, 5}), y({2, 5});
  const int64_t before = flops_done();
  matmul(a, b, y);
  EXPECT_EQ(flops_done() - before, 2 * 2 * 3 * 5);
}

}  // namespace
}  // namespace moescope
