// The plain twins of cuDNN's and cuBLAS's work: attention and matrix products.
#include "compute/ops/attention/attention.h"

#include "compute/cuda/kernels/attention.h"
#include "compute/cuda/kernels/matmul.h"
#include "compute/ops/matmul/matmul.h"
#include "support/device_array.h"
#include "support/expect_close.h"
#include "support/random_tensor.h"

namespace moescope::cuda {
namespace {

// Sums of up to 100 float products on both sides, rescaled on the way by exponentials.
constexpr double kTolerance = 1e-5;

// The widest head; one key; queries beyond a block's four, keys beyond a tile; a pooling probe, the same for every
// image.
constexpr AttentionShape kShapes[] = {
    {1, 1, 1, 1, 1}, {2, 9, 35, 3, 40}, {1, 70, 70, 1, 8}, {2, 1, 33, 2, 64}, {1, 3, 5, 1, kMostHeadWidth}};

TEST(CudaAttention, ForwardAndBackwardAreTheCpus) {
  for (const AttentionShape& s : kShapes)
    in_every_order([&] {
      SCOPED_TRACE(s.keys);
      const int64_t d = s.heads * s.head_width, q_rows = s.images * s.queries, k_rows = s.images * s.keys;
      const bool probe = s.queries == 1 && s.images > 1;
      const Buffer q = random_tensor({probe ? 1 : q_rows, d}, 71), kv = random_tensor({k_rows, 2 * d}, 72);
      const Buffer out({q_rows, d}), p({s.images, s.heads, s.queries, s.keys}), dout = random_tensor({q_rows, d}, 73);
      const Buffer dq({q_rows, d}), dkv({k_rows, 2 * d});
      const moescope::HeadRows cpu_q{q.f32(), probe ? 0 : d}, cpu_k{kv.f32(), 2 * d}, cpu_v{kv.f32() + d, 2 * d};
      moescope::attention(s, cpu_q, cpu_k, cpu_v, {out.f32(), d}, p);
      moescope::attention_backward(s, cpu_q, cpu_k, cpu_v, {dout.f32(), d}, {dq.f32(), d}, {dkv.f32(), 2 * d},
                                   {dkv.f32() + d, 2 * d});

      const Floats q_(q), kv_(kv), got(out.size()), got_p(p.size()), sums(s.images * s.heads * s.queries), dout_(dout),
          got_dq(dq.size()), got_dkv(dkv.size()), workspace(sums.size());
      const HeadRows device_q{q_.get(), probe ? 0 : d}, k{kv_.get(), 2 * d}, v{kv_.get() + d, 2 * d}, o{got.get(), d};
      expect_ran(launch_attention(
          {device_q, k, v, o, sums.get(), got_p.get(), s.images, s.queries, s.keys, s.heads, s.head_width}, nullptr));
      expect_close(got.tensor(), out, kTolerance, "out");
      expect_close(got_p.tensor(), p, kTolerance, "probabilities");
      expect_ran(launch_attention_backward({device_q,
                                            k,
                                            v,
                                            o,
                                            {dout_.get(), d},
                                            {got_dq.get(), d},
                                            {got_dkv.get(), 2 * d},
                                            {got_dkv.get() + d, 2 * d},
                                            sums.get(),
                                            workspace.get(),
                                            s.images,
                                            s.queries,
                                            s.keys,
                                            s.heads,
                                            s.head_width},
                                           nullptr));
      expect_close(got_dq.tensor(), dq, kTolerance, "dq");
      expect_close(got_dkv.tensor(), dkv, kTolerance, "dk and dv");
    });
}

TEST(CudaAttention, RefusesAHeadThatIsTooWide) {
  EXPECT_EQ(launch_attention({{}, {}, {}, {}, nullptr, nullptr, 1, 1, 1, 1, kMostHeadWidth + 1}, nullptr),
            cudaErrorInvalidValue);
}

TEST(CudaMatmul, EveryTransposeIsTheCpus) {
  struct Case {
    int64_t m, n, k;
  };
  for (const Case c : {Case{1, 1, 1}, {65, 33, 17}, {64, 130, 31}})
    for (const bool ta : {false, true})
      for (const bool tb : {false, true})
        in_every_order([&] {
          const Shape a_shape = ta ? Shape{c.k, c.m} : Shape{c.m, c.k},
                      b_shape = tb ? Shape{c.n, c.k} : Shape{c.k, c.n};
          const Buffer a = random_tensor(a_shape, 74), b = random_tensor(b_shape, 75), bias = random_tensor({c.n}, 76);
          const Buffer y({c.m, c.n}), added = random_tensor({c.m, c.n}, 77);
          const Floats a_(a), b_(b), bias_(bias), got(y.size()), got_added(added);
          moescope::matmul(a, b, y, {ta, tb, false}, bias);
          moescope::matmul(a, b, added, {ta, tb, true});
          MatmulArguments arguments{a_.get(),   b_.get(), bias_.get(), got.get(), 1, c.m, c.n, c.k, a_shape[1],
                                    b_shape[1], c.n,      0,           0,         0, 0,   ta,  tb,  false};
          expect_ran(launch_matmul(arguments, nullptr));
          expect_close(got.tensor(), y, kTolerance, "product with bias");
          arguments.bias = nullptr, arguments.y = got_added.get(), arguments.accumulate = true;
          expect_ran(launch_matmul(arguments, nullptr));
          expect_close(got_added.tensor(), added, kTolerance, "product added");
        });
}

TEST(CudaMatmul, BatchesStandApart) {
  in_every_order([&] {  // two experts of 3 rows, weights and biases of their own
    const Buffer a = random_tensor({6, 5}, 78), b = random_tensor({2, 5, 7}, 79), bias = random_tensor({2, 7}, 80),
                 y({6, 7});
    const int32_t offset[] = {0, 3, 6};
    moescope::grouped_matmul(a, offset, b, y, {}, bias);
    const Floats a_(a), b_(b), bias_(bias), got(42);
    expect_ran(launch_matmul(
        {a_.get(), b_.get(), bias_.get(), got.get(), 2, 3, 7, 5, 5, 7, 7, 15, 35, 21, 7, false, false, false},
        nullptr));
    expect_close(got.tensor(), y, kTolerance, "two experts");
  });
}

}  // namespace
}  // namespace moescope::cuda
