// One thread's share of a matrix product: what the ops of this folder are made of.
#pragma once

#include <cstdint>

namespace moescope {

/// y (M,N) = or += a (M,K) b (K,N), row-major with leading dimensions; transposed operands are stored the other way
/// round. bias (N) or null; not with accumulate.
struct Gemm {
  int64_t m, n, k;
  const float* a;
  int64_t lda;
  bool transpose_a;
  const float* b;
  int64_t ldb;
  bool transpose_b;
  float* y;
  int64_t ldy;
  bool accumulate;
  const float* bias;
};

/// Plain loops, summed in double: the definition.
void gemm_reference(const Gemm& g);
/// oneDNN on the calling thread alone. Shapes met again and again (`steady`) run as a matmul primitive made once and
/// kept; shapes that change from call to call run through sgemm, which needs no making.
void gemm_onednn(const Gemm& g, bool steady);
/// The same on operands rounded to bfloat16 (nearest, ties to even), summed in float32. Steady shapes run on the
/// processor's bfloat16 units; others, and processors without, multiply rounded float32 numbers: the same products.
void gemm_bf16(const Gemm& g, bool steady);

}  // namespace moescope
