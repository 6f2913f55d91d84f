// Softmax of one row on vectors: used by softmax, attention and Soft MoE's weights.
#pragma once

#include "compute/ops/vector/vector_math.h"

namespace moescope {
namespace {

constexpr float kLog2OfE = 1.442695041f;

/// 2^(c (x - max)) with c = factor / log 2. The rounding of the exponent, 6e-8 of it, matters less the smaller the
/// result is: at most 2e-8 of the row's largest number, which is 1.
inline Vec below_max(Vec x, Vec max, Vec c) { return exp2_of_negative((x - max) * c); }

/// y = softmax(factor * x), factor > 0; y may be x. A NaN in x makes the sum NaN, and so the whole row.
inline void softmax_row(const float* x, float* y, int64_t n, float factor) {
  const Vec max = all(max_of(x, n)), c = all(factor * kLog2OfE);
  const float total = sum(sum_vectors(n, [&](int64_t i, auto part) {
    const Vec e = only(below_max(load_or(x + i, max, part), max, c), part);
    store(y + i, e, part);
    return e;
  }));
  const Vec share = all(1 / total);
  for_vectors(n, [&](int64_t i, auto part) { store(y + i, load(y + i, part) * share, part); });
}

inline float dot(const float* a, const float* b, int64_t n) {
  return sum(sum_vectors(n, [&](int64_t i, auto part) { return load(a + i, part) * load(b + i, part); }));
}

/// dx = factor * y * (dy - y . dy); dx may be dy
inline void softmax_row_backward(const float* y, const float* dy, float* dx, int64_t n, float factor) {
  const Vec mean = all(dot(y, dy, n)), f = all(factor);
  for_vectors(n,
              [&](int64_t i, auto part) { store(dx + i, load(y + i, part) * f * (load(dy + i, part) - mean), part); });
}

}  // namespace
}  // namespace moescope
