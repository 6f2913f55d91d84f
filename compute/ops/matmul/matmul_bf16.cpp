// Products of bfloat16 operands with float32 sums.
#include <bit>
#include <cmath>

#include "compute/backends/cpu_features.h"
#include "compute/ops/matmul/steady_gemm.h"
#include "compute/ops/scratch.h"

namespace moescope {
namespace {

using namespace onednn;

float rounded(float x) {
  const uint32_t bits = std::bit_cast<uint32_t>(x);
  if (std::isnan(x)) return x;
  return std::bit_cast<float>((bits + 0x7FFFu + ((bits >> 16) & 1u)) & 0xFFFF0000u);
}

/// A rounded copy of an operand as it is stored, its rows moved together.
const float* rounded_copy(Scratch& scratch, const float* from, int64_t rows, int64_t columns, int64_t leading) {
  float* to = scratch.floats(rows * columns);
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j) to[i * columns + j] = rounded(from[i * leading + j]);
  return to;
}

void by_rounding(Gemm g) {
  thread_local Scratch scratch_a, scratch_b;
  const int64_t a_rows = g.transpose_a ? g.k : g.m, a_columns = g.transpose_a ? g.m : g.k;
  const int64_t b_rows = g.transpose_b ? g.n : g.k, b_columns = g.transpose_b ? g.k : g.n;
  g.a = rounded_copy(scratch_a, g.a, a_rows, a_columns, g.lda);
  g.b = rounded_copy(scratch_b, g.b, b_rows, b_columns, g.ldb);
  g.lda = a_columns;
  g.ldb = b_columns;
  gemm_onednn(g, false);
}

/// Two reorders into bfloat16, in whatever layout the product likes best, and the product.
class SteadyBf16Gemm {
 public:
  SteadyBf16Gemm(const dnnl::engine& engine, const Gemm& g)
      : stream_(engine),
        a_(operand(g.m, g.k, g.lda, g.transpose_a), engine, DNNL_MEMORY_NONE),
        b_(operand(g.k, g.n, g.ldb, g.transpose_b), engine, DNNL_MEMORY_NONE),
        y_(operand(g.m, g.n, g.ldy, false), engine, DNNL_MEMORY_NONE) {
    using Desc = dnnl::memory::desc;
    const auto any = [](int64_t rows, int64_t columns) {
      return Desc({rows, columns}, dnnl::memory::data_type::bf16, dnnl::memory::format_tag::any);
    };
    if (g.bias) bias_ = dnnl::memory(operand(1, g.n, g.n, false), engine, DNNL_MEMORY_NONE);
    const dnnl::matmul::desc product =
        g.bias ? dnnl::matmul::desc(any(g.m, g.k), any(g.k, g.n), bias_.get_desc(), y_.get_desc())
               : dnnl::matmul::desc(any(g.m, g.k), any(g.k, g.n), y_.get_desc());
    const dnnl::matmul::primitive_desc made(product, accumulating(g.accumulate), engine);
    matmul_ = dnnl::matmul(made);
    a16_ = dnnl::memory(made.src_desc(), engine);
    b16_ = dnnl::memory(made.weights_desc(), engine);
    round_a_ = dnnl::reorder(a_, a16_);
    round_b_ = dnnl::reorder(b_, b16_);
  }

  void run(const Gemm& g) {
    bind(a_, g.a), bind(b_, g.b), bind(y_, g.y);
    round_a_.execute(stream_, a_, a16_);
    round_b_.execute(stream_, b_, b16_);
    execute(matmul_, stream_, a16_, b16_, y_, bias_, g.bias);
  }

 private:
  dnnl::stream stream_;
  dnnl::memory a_, b_, y_, bias_, a16_, b16_;
  dnnl::reorder round_a_, round_b_;
  dnnl::matmul matmul_;
};

}  // namespace

void gemm_bf16(const Gemm& g, bool steady) {
  if (g.m == 0 || g.n == 0) return;
  if (steady && g.k > 0 && cpu_features().avx512_bf16)
    kept_product<SteadyBf16Gemm>(g).run(g);
  else
    by_rounding(g);
}

}  // namespace moescope
