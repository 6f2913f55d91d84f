// The definition of the activations: formulas in double, one number at a time.
#include <cmath>

#include "compute/ops/activation/activation_kernels.h"

namespace moescope {
namespace {

const double kSqrt2OverPi = std::sqrt(2 / M_PI);

struct ValueAndSlope {
  double value, slope;
};

// NUMERICS 1.4 and 1.9
ValueAndSlope gelu_tanh(double x) {
  const double t = std::tanh(kSqrt2OverPi * (x + 0.044715 * x * x * x));
  return {0.5 * x * (1 + t), 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * kSqrt2OverPi * (1 + 3 * 0.044715 * x * x)};
}

// x times the normal distribution function; its slope adds x times the density.
ValueAndSlope gelu_erf(double x) {
  const double below = 0.5 * std::erfc(-x / std::sqrt(2.0));
  return {x * below, below + x * std::exp(-0.5 * x * x) / std::sqrt(2 * M_PI)};
}

// Written so that NaN is neither below nor above zero and comes through.
ValueAndSlope relu(double x) { return {x < 0 ? 0 : x, x <= 0 ? 0 : x > 0 ? 1 : x}; }

template <ValueAndSlope (*act)(double)>
void forward(const float* x, float* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = static_cast<float>(act(x[i]).value);
}

template <ValueAndSlope (*act)(double)>
void backward(const float* x, const float* dy, float* dx, float* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    const ValueAndSlope a = act(x[i]);
    dx[i] = static_cast<float>(dy[i] * a.slope);
    if (y) y[i] = static_cast<float>(a.value);
  }
}

void tanh_forward(const float* x, float* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = static_cast<float>(std::tanh(static_cast<double>(x[i])));
}

void tanh_backward(const float* y, const float* dy, float* dx, int64_t n) {
  for (int64_t i = 0; i < n; ++i) dx[i] = static_cast<float>(dy[i] * (1 - static_cast<double>(y[i]) * y[i]));
}

void geglu(const float* a, const float* gate, float* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = static_cast<float>(a[i] * gelu_erf(gate[i]).value);
}

void geglu_backward(const float* a, const float* gate, const float* dy, float* da, float* dgate, float* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    const ValueAndSlope g = gelu_erf(gate[i]);
    const double a_i = a[i], dy_i = dy[i];
    da[i] = static_cast<float>(dy_i * g.value);
    dgate[i] = static_cast<float>(dy_i * a_i * g.slope);
    if (y) y[i] = static_cast<float>(a_i * g.value);
  }
}

}  // namespace

const ActivationKernels kActivationReference = {
    .gelu_tanh = forward<gelu_tanh>,
    .gelu_erf = forward<gelu_erf>,
    .relu = forward<relu>,
    .tanh = tanh_forward,
    .gelu_tanh_backward = backward<gelu_tanh>,
    .gelu_erf_backward = backward<gelu_erf>,
    .relu_backward = backward<relu>,
    .tanh_backward = tanh_backward,
    .geglu = geglu,
    .geglu_backward = geglu_backward,
};

}  // namespace moescope
