// Exponentials and their relatives on vectors. The polynomials are minimax fits of our own (Remez exchange), each with
// its largest error; together with rounding every function here is good to about 2 units in the last place. V is a Vec
// or a Pack.
#pragma once

#include "compute/ops/vector/pack.h"

namespace moescope {
namespace {

/// 2^f for |f| <= 1/2: a fit of (2^f - 1)/f, error 2e-9.
template <class V>
inline V exp2_fraction(V f) {
  V p = fma(all(1.535336179e-04f), f, all(1.339887440e-03f));
  p = fma(p, f, all(9.618437358e-03f));
  p = fma(p, f, all(5.550332471e-02f));
  p = fma(p, f, all(2.402264791e-01f));
  p = fma(p, f, all(6.931472029e-01f));
  return fma(p, f, all(1));
}

/// 2^x for x clamped to [-126, 126]: for what is added to 1 afterwards.
template <class V>
inline V exp2_bounded(V x) {
  x = at_least(at_most(x, 126), -126);
  const V n = round(x);
  return scale_by_small_power(exp2_fraction(x - n), n);
}

/// 2^x for x <= 0, NaN for NaN, and exactly 0 below 2^-126: numbers smaller than that cost a processor some 150 cycles.
inline Vec exp2_of_negative(Vec x) {
  const Vec bounded = at_least(x, -126), n = round(bounded);
  return choose(is_below(x, all(-126)), zeros(), scale_by_small_power(exp2_fraction(bounded - n), n));
}

/// exp(x) for every x: 0 and infinity at the ends, NaN for NaN. Fit of (e^r - 1 - r)/r² on |r| <= log(2)/2, error 3e-9.
inline Vec exp(Vec x) {
  x = at_least(at_most(x, 89), -104);
  const Vec n = round(x * all(1.44269504f));
  // log(2) in two parts: the first has few enough bits for its product with n to be exact
  const Vec r = minus_product(n, all(-2.12194440e-4f), minus_product(n, all(0.693359375f), x));
  Vec p = fma(all(1.381461327e-03f), r, all(8.368709827e-03f));
  p = fma(p, r, all(4.166838736e-02f));
  p = fma(p, r, all(1.666652069e-01f));
  p = fma(p, r, all(4.999999345e-01f));
  return scale_by_power(fma(p, r * r, r) + all(1), n);
}

/// tanh(x). Near 0 a fit of (tanh x - x)/x³ in x² (error 4e-9), beyond 0.625 from the exponential.
inline Vec tanh(Vec x) {
  const Vec s = x * x;
  Vec p = fma(all(-5.717045255e-03f), s, all(2.065058753e-02f));
  p = fma(p, s, all(-5.374349818e-02f));
  p = fma(p, s, all(1.333149129e-01f));
  p = fma(p, s, all(-3.333328393e-01f));
  const Vec near = fma(p * s, x, x);
  const Vec far = minus_product(all(2), reciprocal(exp2_bounded(x * all(2.88539008f)) + all(1)), all(1));
  return choose(is_below(abs(x), all(0.625f)), near, far);
}

/// The normal distribution's Phi(x) and density. erfc(z) = exp(-z²) t R(t) with t = 1/(1 + 0.35 z); the fit of R has a
/// relative error of 2e-8.
struct Normal {
  Vec below, density;
};
inline Normal normal(Vec x) {
  const Vec z = abs(x) * all(0.707106781f), t = reciprocal(fma(all(0.35f), z, all(1)));
  Vec r = fma(all(4.210984634e-02f), t, all(-1.803990838e-01f));
  r = fma(r, t, all(2.349051790e-01f));
  r = fma(r, t, all(-1.026225113e-01f));
  r = fma(r, t, all(1.520461254e-01f));
  r = fma(r, t, all(1.098837371e-01f));
  r = fma(r, t, all(1.640367922e-01f));
  r = fma(r, t, all(1.850931194e-01f));
  r = fma(r, t, all(1.974807127e-01f));
  r = fma(r, t, all(1.974660607e-01f));
  const Vec gauss = exp(x * x * all(-0.5f));
  const Vec upper = all(0.5f) * gauss * t * r;  // the tail beyond |x|
  return {choose(is_below(x, zeros()), upper, all(1) - upper), gauss * all(0.398942280f)};
}

}  // namespace
}  // namespace moescope
