// oneDNN, called from our own threads so that no second pool competes with the window.
//
// Measured on an AVX-512 machine, one thread, at our shapes: the brgemm primitive reaches 105-140 GFLOP/s with the bias
// folded in, sgemm 90-130; with AVX2 both run the same code and sgemm is the simpler call.
#include <oneapi/dnnl/dnnl.h>

#include <cstring>

#include "compute/backends/cpu_features.h"
#include "compute/ops/matmul/steady_gemm.h"

namespace moescope {
namespace {

using namespace onednn;

void fill_rows(const Gemm& g) {
  for (int64_t i = 0; i < g.m; ++i) {
    if (g.bias)
      std::memcpy(g.y + i * g.ldy, g.bias, static_cast<size_t>(g.n) * sizeof(float));
    else
      std::memset(g.y + i * g.ldy, 0, static_cast<size_t>(g.n) * sizeof(float));
  }
}

void by_sgemm(const Gemm& g) {
  float beta = g.accumulate ? 1.0f : 0.0f;
  if (g.bias || (g.k == 0 && !g.accumulate)) fill_rows(g), beta = 1.0f;
  if (g.k == 0) return;
  check(dnnl_sgemm(g.transpose_a ? 'T' : 'N', g.transpose_b ? 'T' : 'N', g.m, g.n, g.k, 1.0f, g.a, g.lda, g.b, g.ldb,
                   beta, g.y, g.ldy),
        "dnnl_sgemm");
}

/// A matmul primitive with its memory objects.
class SteadyGemm {
 public:
  SteadyGemm(const dnnl::engine& engine, const Gemm& g)
      : stream_(engine),
        a_(operand(g.m, g.k, g.lda, g.transpose_a), engine, DNNL_MEMORY_NONE),
        b_(operand(g.k, g.n, g.ldb, g.transpose_b), engine, DNNL_MEMORY_NONE),
        y_(operand(g.m, g.n, g.ldy, false), engine, DNNL_MEMORY_NONE) {
    if (g.bias) bias_ = dnnl::memory(operand(1, g.n, g.n, false), engine, DNNL_MEMORY_NONE);
    const dnnl::matmul::desc product =
        g.bias ? dnnl::matmul::desc(a_.get_desc(), b_.get_desc(), bias_.get_desc(), y_.get_desc())
               : dnnl::matmul::desc(a_.get_desc(), b_.get_desc(), y_.get_desc());
    matmul_ = dnnl::matmul(dnnl::matmul::primitive_desc(product, accumulating(g.accumulate), engine));
  }

  void run(const Gemm& g) {
    bind(a_, g.a), bind(b_, g.b), bind(y_, g.y);
    execute(matmul_, stream_, a_, b_, y_, bias_, g.bias);
  }

 private:
  dnnl::stream stream_;
  dnnl::memory a_, b_, y_, bias_;
  dnnl::matmul matmul_;
};

bool primitive_is_faster() {
  static const bool avx512 = cpu_features().avx512;
  return avx512;
}

}  // namespace

void gemm_onednn(const Gemm& g, bool steady) {
  if (g.m == 0 || g.n == 0) return;
  if (steady && g.k > 0 && primitive_is_faster())
    kept_product<SteadyGemm>(g).run(g);
  else
    by_sgemm(g);
}

}  // namespace moescope
