// The definition of a matrix product.
#include "compute/ops/matmul/gemm.h"

namespace moescope {

void gemm_reference(const Gemm& g) {
  for (int64_t i = 0; i < g.m; ++i) {
    for (int64_t j = 0; j < g.n; ++j) {
      double sum = g.accumulate ? g.y[i * g.ldy + j] : g.bias ? g.bias[j] : 0.0;
      for (int64_t l = 0; l < g.k; ++l) {
        const float a = g.transpose_a ? g.a[l * g.lda + i] : g.a[i * g.lda + l];
        const float b = g.transpose_b ? g.b[j * g.ldb + l] : g.b[l * g.ldb + j];
        sum += static_cast<double>(a) * b;
      }
      g.y[i * g.ldy + j] = static_cast<float>(sum);
    }
  }
}

}  // namespace moescope
