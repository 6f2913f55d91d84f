// Softmax of one row on vectors: used by softmax, attention and Soft MoE's weights.
#pragma once

#include "compute/ops/vector/vector_math.h"

namespace moescope {
namespace {

/// y = exp(factor * (x - max x)), and returns the sum of y. factor > 0; y may be x. A NaN in x makes the sum NaN.
inline float exponentials(const float* x, float* y, int64_t n, float factor) {
  const Vec max = all(max_of(x, n)), f = all(factor);
  return sum(sum_vectors(n, [&](int64_t i, auto part) {
    const Vec e = only(exp((load(x + i, part) - max) * f), part);
    store(y + i, e, part);
    return e;
  }));
}

inline void multiply_row(float* y, int64_t n, float factor) {
  const Vec f = all(factor);
  for_vectors(n, [&](int64_t i, auto part) { store(y + i, load(y + i, part) * f, part); });
}

/// y = softmax(factor * x)
inline void softmax_row(const float* x, float* y, int64_t n, float factor) {
  const float sum = exponentials(x, y, n, factor);
  multiply_row(y, n, 1 / sum);
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
