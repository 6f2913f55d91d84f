// The optimisers on vectors, written once: each reads and writes every number once, and memory sets the pace.
#pragma once

#include <immintrin.h>

#include "compute/ops/adamw/adamw_kernels.h"
#include "compute/ops/vector/vec.h"

namespace moescope {
namespace {

Vec all_of(double x) { return all(static_cast<float>(x)); }

/// While it lives, numbers below float's normal range are read and written as 0. The moments of a unit that gets no
/// gradient any more shrink until they are such numbers, and the processor takes a hundred cycles for each: half of the
/// time of a small agent's update went there.
class NoSubnormals {
 public:
  NoSubnormals() : before_(_mm_getcsr()) { _mm_setcsr(before_ | kFlushToZero | kReadAsZero); }
  ~NoSubnormals() { _mm_setcsr(before_); }
  NoSubnormals(const NoSubnormals&) = delete;
  NoSubnormals& operator=(const NoSubnormals&) = delete;

 private:
  static constexpr unsigned kFlushToZero = 0x8000, kReadAsZero = 0x0040;  // of MXCSR
  unsigned before_;
};

void adamw(const AdamNumbers& a, const float* gradient, float* m, float* v, float* parameter, int64_t n) {
  const NoSubnormals scope;
  const Vec beta1 = all_of(a.beta1), rest1 = all_of((1 - a.beta1) * a.gradient_scale);
  const Vec beta2 = all_of(a.beta2), rest2 = all_of(1 - a.beta2), scale = all_of(a.gradient_scale);
  const Vec correction1 = all_of(a.correction1), correction2 = all_of(a.correction2), epsilon = all_of(a.epsilon);
  const Vec rate = all_of(a.learning_rate), keep = all_of(a.learning_rate * a.weight_decay);
  for_vectors(n, [&](int64_t i, auto part) {
    const Vec g = load(gradient + i, part), scaled = g * scale, w = load(parameter + i, part);
    const Vec m_i = fma(beta1, load(m + i, part), rest1 * g);
    const Vec v_i = fma(beta2, load(v + i, part), rest2 * scaled * scaled);
    const Vec direction = m_i * correction1 / (sqrt(v_i * correction2) + epsilon);
    store(m + i, m_i, part);
    store(v + i, v_i, part);
    store(parameter + i, minus_product(rate, direction, minus_product(keep, w, w)), part);
  });
}

void sgd_momentum(const SgdNumbers& a, const float* gradient, float* m, float* parameter, int64_t n) {
  const NoSubnormals scope;
  const Vec scale = all_of(a.gradient_scale), momentum = all_of(a.momentum);
  const Vec rate = all_of(a.learning_rate), keep = all_of(a.learning_rate * a.weight_decay);
  for_vectors(n, [&](int64_t i, auto part) {
    const Vec w = load(parameter + i, part), m_i = fma(momentum, load(m + i, part), scale * load(gradient + i, part));
    store(m + i, m_i, part);
    store(parameter + i, minus_product(rate, m_i, minus_product(keep, w, w)), part);
  });
}

double sum_of_squares(const float* x, int64_t n) {
  constexpr int64_t L = Vec::kLanes;
  Doubles a = zero_doubles(), b = zero_doubles();
  int64_t i = 0;
  for (; i + 2 * L <= n; i += 2 * L) {
    add_squares(a, load(x + i, Whole{}));
    add_squares(b, load(x + i + L, Whole{}));
  }
  for_vectors(n - i, [&](int64_t at, auto part) { add_squares(a, load(x + i + at, part)); });
  return sum(a) + sum(b);
}

constexpr AdamWKernels kVectorAdamW = {adamw, sgd_momentum, sum_of_squares};

}  // namespace
}  // namespace moescope
