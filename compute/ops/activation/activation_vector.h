// The activations on vectors, written once; activation_avx2.cpp and activation_avx512.cpp compile them.
//
// The tanh GELU in few steps: 0.5 (1 + tanh u) = 1 / (1 + exp(-2u)), so y = x s with s the logistic function of 2u, and
// its slope is s + x s (1 - s) d(2u)/dx. One exponential of base 2, whose factor is folded into u's coefficients.
#pragma once

#include "compute/ops/activation/activation_kernels.h"
#include "compute/ops/vector/vector_math.h"

namespace moescope {
namespace {

template <class V>
struct ValueAndSlope {
  V value, slope;
};

constexpr float kTwoSqrt2OverPi = 1.595769122f;  // d(2u)/dx at 0
constexpr float kLog2E = 1.442695041f;

struct GeluTanh {
  // exp(-2u)
  template <class V>
  [[gnu::always_inline]] static V decay(V x, V square) {
    const Vec cubic = all(-kTwoSqrt2OverPi * kLog2E * 0.044715f), linear = all(-kTwoSqrt2OverPi * kLog2E);
    return exp2_bounded(x * fma(cubic, square, linear));
  }
  template <class V>
  [[gnu::always_inline]] static V value(V x) {
    return x * reciprocal(all(1) + decay(x, x * x));
  }
  template <class V>
  [[gnu::always_inline]] static ValueAndSlope<V> both(V x) {
    const V square = at_most(x * x, 1e4f);  // beyond, s is 0 or 1 anyway, and the inner slope must stay finite
    const V e = decay(x, square), s = reciprocal(all(1) + e), y = x * s;
    const V inner = fma(all(kTwoSqrt2OverPi * 3 * 0.044715f), square, all(kTwoSqrt2OverPi));
    return {y, fma(y * (e * s), inner, s)};  // e s is 1 - s without cancellation
  }
};

struct GeluErf {
  static Vec value(Vec x) { return x * normal(x).below; }
  static ValueAndSlope<Vec> both(Vec x) {
    const Normal n = normal(x);
    return {x * n.below, fma(x, n.density, n.below)};
  }
};

// Comparisons are false for NaN, which therefore comes through.
struct Relu {
  static Vec value(Vec x) { return choose(is_below(x, zeros()), zeros(), x); }
  static ValueAndSlope<Vec> both(Vec x) {
    const Vec slope = choose(is_at_most(x, zeros()), zeros(), choose(is_below(zeros(), x), all(1), x));
    return {value(x), slope};
  }
};

void gelu_tanh(const float* x, float* y, int64_t n) {
  for_packs(n, [&](int64_t i, auto part) { store(y + i, GeluTanh::value(load(x + i, part)), part); });
}

void gelu_tanh_backward(const float* x, const float* dy, float* dx, float* y, int64_t n) {
  for_packs(n, [&](int64_t i, auto part) {
    const auto a = GeluTanh::both(load(x + i, part));
    store(dx + i, a.slope * load(dy + i, part), part);
    if (y) store(y + i, a.value, part);
  });
}

template <class Act>
void forward(const float* x, float* y, int64_t n) {
  for_vectors(n, [&](int64_t i, auto part) { store(y + i, Act::value(load(x + i, part)), part); });
}

template <class Act>
void backward(const float* x, const float* dy, float* dx, float* y, int64_t n) {
  for_vectors(n, [&](int64_t i, auto part) {
    const auto a = Act::both(load(x + i, part));
    store(dx + i, a.slope * load(dy + i, part), part);
    if (y) store(y + i, a.value, part);
  });
}

void tanh_forward(const float* x, float* y, int64_t n) {
  for_vectors(n, [&](int64_t i, auto part) { store(y + i, tanh(load(x + i, part)), part); });
}

void tanh_backward(const float* y, const float* dy, float* dx, int64_t n) {
  for_vectors(n, [&](int64_t i, auto part) {
    const Vec y_i = load(y + i, part);
    store(dx + i, load(dy + i, part) * minus_product(y_i, y_i, all(1)), part);
  });
}

void geglu(const float* a, const float* gate, float* y, int64_t n) {
  for_vectors(
      n, [&](int64_t i, auto part) { store(y + i, load(a + i, part) * GeluErf::value(load(gate + i, part)), part); });
}

void geglu_backward(const float* a, const float* gate, const float* dy, float* da, float* dgate, float* y, int64_t n) {
  for_vectors(n, [&](int64_t i, auto part) {
    const auto g = GeluErf::both(load(gate + i, part));
    const Vec a_i = load(a + i, part), dy_i = load(dy + i, part);
    store(da + i, dy_i * g.value, part);
    store(dgate + i, dy_i * a_i * g.slope, part);
    if (y) store(y + i, a_i * g.value, part);
  });
}

constexpr ActivationKernels kVectorActivation = {
    .gelu_tanh = gelu_tanh,
    .gelu_erf = forward<GeluErf>,
    .relu = forward<Relu>,
    .tanh = tanh_forward,
    .gelu_tanh_backward = gelu_tanh_backward,
    .gelu_erf_backward = backward<GeluErf>,
    .relu_backward = backward<Relu>,
    .tanh_backward = tanh_backward,
    .geglu = geglu,
    .geglu_backward = geglu_backward,
};

}  // namespace
}  // namespace moescope
