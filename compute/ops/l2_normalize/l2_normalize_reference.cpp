// The definition of l2 normalisation along a row or a column, sums in double.
#include "compute/ops/l2_normalize/l2_normalize_kernels.h"

namespace moescope {
namespace {

// n numbers that stand `stride` apart; gains may be null.
void normalize(NormFactorsFn* factors, const float* x, float* y, float gain, const float* gains, int64_t n,
               int64_t stride) {
  double squares = 0;
  for (int64_t i = 0; i < n; ++i) squares += static_cast<double>(x[i * stride]) * x[i * stride];
  const double r = factors(squares, false).forward;
  for (int64_t i = 0; i < n; ++i) y[i * stride] = static_cast<float>(x[i * stride] * r * gain * (gains ? gains[i] : 1));
}

// With the gradient of v̂, h = dy * gain * gains:  dx += forward * h - backward * x * (x . h);  dgains += dy * gain * v̂.
void normalize_backward(NormFactorsFn* factors, const float* x, const float* dy, float* dx, float gain,
                        const float* gains, float* dgains, int64_t n, int64_t stride) {
  double squares = 0, dot = 0;
  const auto h = [&](int64_t i) { return static_cast<double>(dy[i * stride]) * gain * (gains ? gains[i] : 1); };
  for (int64_t i = 0; i < n; ++i) squares += static_cast<double>(x[i * stride]) * x[i * stride];
  for (int64_t i = 0; i < n; ++i) dot += x[i * stride] * h(i);
  const NormFactors f = factors(squares, true);
  const double r = factors(squares, false).forward;
  for (int64_t i = 0; i < n; ++i) {
    const double x_i = x[i * stride];
    dx[i * stride] = static_cast<float>(dx[i * stride] + f.forward * h(i) - f.backward * x_i * dot);
    if (dgains) dgains[i] = static_cast<float>(dgains[i] + static_cast<double>(dy[i * stride]) * gain * x_i * r);
  }
}

void rows(NormFactorsFn* factors, const float* x, float* y, float gain, const float* gains, int64_t rows,
          int64_t columns) {
  for (int64_t r = 0; r < rows; ++r) normalize(factors, x + r * columns, y + r * columns, gain, gains, columns, 1);
}

void rows_backward(NormFactorsFn* factors, const float* x, const float* dy, float* dx, float gain, const float* gains,
                   float* dgains, int64_t rows, int64_t columns) {
  for (int64_t at = 0; at < rows * columns; at += columns)
    normalize_backward(factors, x + at, dy + at, dx + at, gain, gains, dgains, columns, 1);
}

void columns(NormFactorsFn* factors, const float* x, float* y, float gain, int64_t rows, int64_t stride, int64_t begin,
             int64_t end, float*) {
  for (int64_t c = begin; c < end; ++c) normalize(factors, x + c, y + c, gain, nullptr, rows, stride);
}

void columns_backward(NormFactorsFn* factors, const float* x, const float* dy, float* dx, float gain, int64_t rows,
                      int64_t stride, int64_t begin, int64_t end, float*) {
  for (int64_t c = begin; c < end; ++c)
    normalize_backward(factors, x + c, dy + c, dx + c, gain, nullptr, nullptr, rows, stride);
}

}  // namespace

const L2NormalizeKernels kL2NormalizeReference = {rows, rows_backward, columns, columns_backward};

}  // namespace moescope
