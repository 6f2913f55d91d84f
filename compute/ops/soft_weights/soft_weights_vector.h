// Soft MoE's weights on vectors, written once. Rows are rows of vectors; columns go side by side, a vector of them at a
// time down the tokens of the group, whose numbers stay in the first cache.
#pragma once

#include "compute/ops/soft_weights/soft_weights_kernels.h"
#include "compute/ops/vector/softmax_row_vector.h"

namespace moescope {
namespace {

template <class Part>
void column_softmax(const float* x, float* y, int64_t tokens, int64_t slots, Part part) {
  Vec max = load(x, part);
  for (int64_t s = 1; s < tokens; ++s) max = larger(max, load(x + s * slots, part));
  Vec sum = zeros();
  for (int64_t s = 0; s < tokens; ++s) {
    const Vec e = below_max(load(x + s * slots, part), max, all(kLog2OfE));
    store(y + s * slots, e, part);
    sum = sum + e;
  }
  const Vec factor = all(1) / sum;
  for (int64_t s = 0; s < tokens; ++s) store(y + s * slots, load(y + s * slots, part) * factor, part);
}

void forward(const float* logits, float* dispatch, float* combine, int64_t tokens, int64_t slots, float*) {
  for_vectors(slots, [&](int64_t q, auto part) { column_softmax(logits + q, dispatch + q, tokens, slots, part); });
  for (int64_t at = 0; at < tokens * slots; at += slots) softmax_row(logits + at, combine + at, slots, 1);
}

void backward(const float* dispatch, const float* combine, const float* ddispatch, const float* dcombine,
              float* dlogits, int64_t tokens, int64_t slots, float* scratch) {
  float* column_sums = scratch;
  for_vectors(slots, [&](int64_t q, auto part) {
    Vec sum = zeros();
    for (int64_t at = q; at < tokens * slots; at += slots)
      sum = fma(load(dispatch + at, part), load(ddispatch + at, part), sum);
    store(column_sums + q, sum, part);
  });
  for (int64_t at = 0; at < tokens * slots; at += slots) {
    const Vec row_sum = all(dot(combine + at, dcombine + at, slots));
    for_vectors(slots, [&](int64_t q, auto part) {
      const Vec from_combine = load(combine + at + q, part) * (load(dcombine + at + q, part) - row_sum);
      const Vec deviation = load(ddispatch + at + q, part) - load(column_sums + q, part);
      store(dlogits + at + q, fma(load(dispatch + at + q, part), deviation, from_combine), part);
    });
  }
}

constexpr SoftWeightsKernels kVectorSoftWeights = {forward, backward};

}  // namespace
}  // namespace moescope
