// Attention of one head on vectors, written once. Scores, probabilities and their gradients live in scratch that stays
// in the second cache; k and v are copied transposed, everything else is read where it stands.
#pragma once

#include "compute/ops/attention/attention_kernels.h"
#include "compute/ops/vector/small_gemm_vector.h"
#include "compute/ops/vector/softmax_row_vector.h"

namespace moescope {
namespace {

int64_t scratch_floats(int64_t queries, int64_t keys, int64_t width) { return (width + 2 * queries) * padded(keys); }

// scores (queries, stride) = rows of queries times rows of keys
void products_of_rows(const float* queries, int64_t query_stride, const float* keys, int64_t key_stride,
                      const AttentionHead& a, float* transposed, float* scores, int64_t stride) {
  transpose(keys, a.keys, a.width, key_stride, transposed, stride);
  small_gemm(a.queries, a.keys, a.width, queries, query_stride, 1, transposed, stride, scores, stride);
}

void probabilities_of_head(const AttentionHead& a, float* transposed, float* p, int64_t stride) {
  products_of_rows(a.q, a.q_stride, a.k, a.k_stride, a, transposed, p, stride);
  for (int64_t i = 0; i < a.queries; ++i) softmax_row(p + i * stride, p + i * stride, a.keys, a.factor);
}

void forward(const AttentionHead& a, float* out, int64_t out_stride, float* probabilities, float* scratch) {
  const int64_t stride = padded(a.keys);
  float *transposed = scratch, *p = transposed + a.width * stride;
  probabilities_of_head(a, transposed, p, stride);
  small_gemm(a.queries, a.width, a.keys, p, stride, 1, a.v, a.v_stride, out, out_stride);
  if (!probabilities) return;
  for (int64_t i = 0; i < a.queries; ++i)
    for_vectors(a.keys, [&](int64_t j, auto part) {
      store(probabilities + i * a.keys + j, load(p + i * stride + j, part), part);
    });
}

// dp = dout vᵀ;  ds = p (dp - rowsum(p dp)) / sqrt(W);  dq = ds k;  dk = dsᵀ q;  dv = pᵀ dout
void backward(const AttentionHead& a, const float* dout, int64_t dout_stride, float* dq, int64_t dq_stride, float* dk,
              int64_t dk_stride, float* dv, int64_t dv_stride, float* scratch) {
  const int64_t stride = padded(a.keys);
  float *transposed = scratch, *p = transposed + a.width * stride, *ds = p + a.queries * stride;
  probabilities_of_head(a, transposed, p, stride);
  products_of_rows(dout, dout_stride, a.v, a.v_stride, a, transposed, ds, stride);
  for (int64_t i = 0; i < a.queries; ++i)
    softmax_row_backward(p + i * stride, ds + i * stride, ds + i * stride, a.keys, a.factor);
  small_gemm(a.queries, a.width, a.keys, ds, stride, 1, a.k, a.k_stride, dq, dq_stride);
  small_gemm(a.keys, a.width, a.queries, ds, 1, stride, a.q, a.q_stride, dk, dk_stride);
  small_gemm(a.keys, a.width, a.queries, p, 1, stride, dout, dout_stride, dv, dv_stride);
}

constexpr AttentionKernels kVectorAttention = {scratch_floats, forward, backward};

}  // namespace
}  // namespace moescope
