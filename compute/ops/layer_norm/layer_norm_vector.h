// Layer normalisation on vectors, written once. A row stays in the first cache: mean, then variance about the mean (the
// stable form), then the result.
#pragma once

#include "compute/ops/layer_norm/layer_norm_kernels.h"
#include "compute/ops/vector/vec.h"

namespace moescope {
namespace {

struct Statistics {
  float mean, rstd;
};

Statistics statistics_about(const float* x, int64_t n, float mean, float eps) {
  const Vec m = all(mean);
  const float variance = sum(sum_vectors(n,
                                         [&](int64_t i, auto part) {
                                           const Vec d = only(load(x + i, part) - m, part);
                                           return d * d;
                                         })) /
                         static_cast<float>(n);
  return {mean, 1 / __builtin_sqrtf(variance + eps)};
}

Statistics statistics(const float* x, int64_t n, float eps) {
  const float mean =
      sum(sum_vectors(n, [&](int64_t i, auto part) { return load(x + i, part); })) / static_cast<float>(n);
  return statistics_about(x, n, mean, eps);
}

Statistics add_with_statistics(const float* x, const float* residual, float* into, int64_t n, float eps) {
  const float mean = sum(sum_vectors(n,
                                     [&](int64_t i, auto part) {
                                       const Vec a = load(x + i, part) + load(residual + i, part);
                                       store(into + i, a, part);
                                       return a;
                                     })) /
                     static_cast<float>(n);
  return statistics_about(into, n, mean, eps);
}

void normalize(const float* x, Statistics s, const float* scale, const float* bias, float* y, int64_t n) {
  const Vec mean = all(s.mean), rstd = all(s.rstd);
  if (bias) {
    for_vectors(n, [&](int64_t i, auto part) {
      store(y + i, fma((load(x + i, part) - mean) * rstd, load(scale + i, part), load(bias + i, part)), part);
    });
  } else {
    for_vectors(n, [&](int64_t i, auto part) {
      store(y + i, (load(x + i, part) - mean) * rstd * load(scale + i, part), part);
    });
  }
}

void forward(const LayerNormRows& a) {
  for (int64_t r = 0; r < a.rows; ++r) {
    const int64_t n = a.columns, at = r * n;
    const Statistics s = a.residual ? add_with_statistics(a.x + at, a.residual + at, a.sum + at, n, a.eps)
                                    : statistics(a.x + at, n, a.eps);
    normalize((a.residual ? a.sum : a.x) + at, s, a.scale, a.bias, a.y + at, n);
    if (a.mean) a.mean[r] = s.mean;
    if (a.rstd) a.rstd[r] = s.rstd;
  }
}

// With z = (x - mean) * rstd and h = dy * scale:  dx = rstd * (h - mean(h) - z * mean(h * z)).
struct RowGradient {
  Vec mean, rstd, mean_h, mean_hz;
  Vec z(Vec x) const { return (x - mean) * rstd; }
  Vec dx(Vec h, Vec z) const { return rstd * minus_product(z, mean_hz, h - mean_h); }
};

RowGradient row_gradient(const float* x, Statistics s, const float* scale, const float* dy, int64_t n) {
  RowGradient g{all(s.mean), all(s.rstd), {}, {}};
  const TwoVecs sums = sum_vectors(n, [&](int64_t i, auto part) {
    const Vec h = load(dy + i, part) * load(scale + i, part);  // 0 outside a tail
    return TwoVecs{h, h * g.z(load(x + i, part))};
  });
  g.mean_h = all(sum(sums.first) / static_cast<float>(n));
  g.mean_hz = all(sum(sums.second) / static_cast<float>(n));
  return g;
}

void backward(const LayerNormBackwardRows& a) {
  const int64_t n = a.columns;
  for (int64_t at = 0, r = 0; r < a.rows; ++r, at += n) {
    const RowGradient g = row_gradient(a.x + at, {a.mean[r], a.rstd[r]}, a.scale, a.dy + at, n);
    for_vectors(n, [&](int64_t i, auto part) {
      const Vec dy = load(a.dy + at + i, part), z = g.z(load(a.x + at + i, part));
      store(a.dx + at + i, load(a.dx + at + i, part) + g.dx(dy * load(a.scale + i, part), z), part);
      store(a.dscale + i, fma(dy, z, load(a.dscale + i, part)), part);
      if (a.dbias) store(a.dbias + i, load(a.dbias + i, part) + dy, part);
    });
  }
}

void head_forward(const HeadNormRows& a) {
  for (int64_t r = 0; r < a.rows; ++r)
    for (int64_t h = 0; h < a.heads; ++h) {
      const float* x = a.x + r * a.x_stride + h * a.columns;
      normalize(x, statistics(x, a.columns, a.eps), a.scale, nullptr, a.y + r * a.y_stride + h * a.columns, a.columns);
    }
}

void head_backward(const HeadNormBackwardRows& a) {
  for (int64_t r = 0; r < a.rows; ++r)
    for (int64_t h = 0; h < a.heads; ++h) {
      const float* x = a.x + r * a.x_stride + h * a.columns;
      const float* dy = a.dy + r * a.dy_stride + h * a.columns;
      float* dx = a.dx + r * a.dx_stride + h * a.columns;
      const RowGradient g = row_gradient(x, statistics(x, a.columns, a.eps), a.scale, dy, a.columns);
      for_vectors(a.columns, [&](int64_t i, auto part) {
        const Vec dy_i = load(dy + i, part), z = g.z(load(x + i, part));
        store(a.dscale + i, fma(dy_i, z, load(a.dscale + i, part)), part);
        store(dx + i, g.dx(dy_i * load(a.scale + i, part), z), part);
      });
    }
}

constexpr LayerNormKernels kVectorLayerNorm = {forward, backward, head_forward, head_backward};

}  // namespace
}  // namespace moescope
