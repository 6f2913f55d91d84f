// l2 normalisation on vectors, written once.
#pragma once

#include "compute/ops/l2_normalize/l2_normalize_kernels.h"
#include "compute/ops/vector/vec.h"

namespace moescope {
namespace {

void rows(NormFactorsFn* factors, const float* x, float* y, float gain, const float* gains, int64_t rows,
          int64_t columns) {
  for (int64_t r = 0; r < rows; ++r, x += columns, y += columns) {
    const float squares = sum(sum_vectors(columns, [&](int64_t i, auto part) {
      const Vec x_i = load(x + i, part);
      return x_i * x_i;
    }));
    const Vec factor = all(static_cast<float>(factors(squares, false).forward * gain));
    for_vectors(columns, [&](int64_t i, auto part) {
      const Vec v = load(x + i, part) * factor;
      store(y + i, gains ? v * load(gains + i, part) : v, part);
    });
  }
}

// With h = dy * gain * gains, the gradient of v̂:  dx += forward * h - backward * x * (x . h);  dgains += dy * gain * v̂.
void rows_backward(NormFactorsFn* factors, const float* x, const float* dy, float* dx, float gain, const float* gains,
                   float* dgains, int64_t rows, int64_t columns) {
  const auto h = [&](int64_t i, auto part) {
    const Vec d = load(dy + i, part) * all(gain);
    return gains ? d * load(gains + i, part) : d;
  };
  for (int64_t r = 0; r < rows; ++r, x += columns, dy += columns, dx += columns) {
    const TwoVecs sums = sum_vectors(columns, [&](int64_t i, auto part) {
      const Vec x_i = load(x + i, part);
      return TwoVecs{x_i * x_i, x_i * h(i, part)};
    });
    const float squares = sum(sums.first);
    const NormFactors f = factors(squares, true);
    const Vec forward = all(static_cast<float>(f.forward)),
              along = all(static_cast<float>(f.backward * sum(sums.second)));
    for_vectors(columns, [&](int64_t i, auto part) {
      store(dx + i, load(dx + i, part) + minus_product(along, load(x + i, part), forward * h(i, part)), part);
    });
    if (!dgains) continue;
    const Vec factor = all(static_cast<float>(factors(squares, false).forward * gain));
    for_vectors(columns, [&](int64_t i, auto part) {
      store(dgains + i, fma(load(dy + i, part), load(x + i, part) * factor, load(dgains + i, part)), part);
    });
  }
}

// Sums down one vector of columns at a time; the factors, which need a root each, are then found number by number.
void columns(NormFactorsFn* factors, const float* x, float* y, float gain, int64_t rows, int64_t stride, int64_t begin,
             int64_t end, float* scratch) {
  const int64_t n = end - begin;
  float* factor = scratch;
  for_vectors(n, [&](int64_t c, auto part) {
    Vec squares = zeros();
    for (int64_t r = 0; r < rows; ++r) {
      const Vec v = load(x + r * stride + begin + c, part);
      squares = fma(v, v, squares);
    }
    store(factor + c, squares, part);
  });
  for (int64_t c = 0; c < n; ++c) factor[c] = static_cast<float>(factors(factor[c], false).forward * gain);
  for (int64_t r = 0; r < rows; ++r)
    for_vectors(n, [&](int64_t c, auto part) {
      store(y + r * stride + begin + c, load(x + r * stride + begin + c, part) * load(factor + c, part), part);
    });
}

void columns_backward(NormFactorsFn* factors, const float* x, const float* dy, float* dx, float gain, int64_t rows,
                      int64_t stride, int64_t begin, int64_t end, float* scratch) {
  const int64_t n = end - begin;
  float *forward = scratch, *along = scratch + n;
  for_vectors(n, [&](int64_t c, auto part) {
    Vec squares = zeros(), dot = zeros();
    for (int64_t r = 0; r < rows; ++r) {
      const Vec v = load(x + r * stride + begin + c, part);
      squares = fma(v, v, squares);
      dot = fma(v, load(dy + r * stride + begin + c, part), dot);
    }
    store(forward + c, squares, part);
    store(along + c, dot, part);
  });
  for (int64_t c = 0; c < n; ++c) {
    const NormFactors f = factors(forward[c], true);
    forward[c] = static_cast<float>(f.forward * gain);
    along[c] = static_cast<float>(f.backward * gain * along[c]);
  }
  for (int64_t r = 0; r < rows; ++r)
    for_vectors(n, [&](int64_t c, auto part) {
      const int64_t at = r * stride + begin + c;
      const Vec from_dy = load(dy + at, part) * load(forward + c, part);
      store(dx + at, load(dx + at, part) + minus_product(load(along + c, part), load(x + at, part), from_dy), part);
    });
}

constexpr L2NormalizeKernels kVectorL2Normalize = {rows, rows_backward, columns, columns_backward};

}  // namespace
}  // namespace moescope
