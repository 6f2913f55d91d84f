// The definition of layer normalisation: y = (x - mean) / sqrt(var + eps) * scale + bias, sums in double.
#include <cmath>

#include "compute/ops/layer_norm/layer_norm_kernels.h"

namespace moescope {
namespace {

struct Statistics {
  double mean, rstd;
};

Statistics statistics(const float* x, int64_t n, float eps) {
  double mean = 0, variance = 0;
  for (int64_t i = 0; i < n; ++i) mean += x[i];
  mean /= static_cast<double>(n);
  for (int64_t i = 0; i < n; ++i) variance += (x[i] - mean) * (x[i] - mean);
  variance /= static_cast<double>(n);
  return {mean, 1 / std::sqrt(variance + eps)};
}

// With z = (x - mean) * rstd and h = dy * scale:  dx = rstd * (h - mean(h) - z * mean(h * z)).
struct RowGradient {
  double mean_h, mean_hz;
};

RowGradient row_gradient(const float* x, const float* scale, Statistics s, const float* dy, int64_t n) {
  RowGradient g{0, 0};
  for (int64_t i = 0; i < n; ++i) {
    const double h = static_cast<double>(dy[i]) * scale[i];
    g.mean_h += h;
    g.mean_hz += h * (x[i] - s.mean) * s.rstd;
  }
  g.mean_h /= static_cast<double>(n);
  g.mean_hz /= static_cast<double>(n);
  return g;
}

void forward(const LayerNormRows& a) {
  for (int64_t r = 0; r < a.rows; ++r) {
    const int64_t n = a.columns;
    const float* x = a.x + r * n;
    if (a.residual) {
      float* sum = a.sum + r * n;
      for (int64_t i = 0; i < n; ++i) sum[i] = x[i] + a.residual[r * n + i];
      x = sum;
    }
    const Statistics s = statistics(x, n, a.eps);
    for (int64_t i = 0; i < n; ++i)
      a.y[r * n + i] = static_cast<float>((x[i] - s.mean) * s.rstd * a.scale[i] + (a.bias ? a.bias[i] : 0));
    if (a.mean) a.mean[r] = static_cast<float>(s.mean);
    if (a.rstd) a.rstd[r] = static_cast<float>(s.rstd);
  }
}

void backward(const LayerNormBackwardRows& a) {
  const int64_t n = a.columns;
  for (int64_t r = 0; r < a.rows; ++r) {
    const float *x = a.x + r * n, *dy = a.dy + r * n;
    const Statistics s{a.mean[r], a.rstd[r]};
    const RowGradient g = row_gradient(x, a.scale, s, dy, n);
    for (int64_t i = 0; i < n; ++i) {
      const double z = (x[i] - s.mean) * s.rstd, h = static_cast<double>(dy[i]) * a.scale[i];
      a.dx[r * n + i] = static_cast<float>(a.dx[r * n + i] + s.rstd * (h - g.mean_h - z * g.mean_hz));
    }
  }
  for (int64_t i = 0; i < n; ++i) {
    double dscale = 0, dbias = 0;
    for (int64_t r = 0; r < a.rows; ++r) {
      dscale += a.dy[r * n + i] * (static_cast<double>(a.x[r * n + i]) - a.mean[r]) * a.rstd[r];
      dbias += a.dy[r * n + i];
    }
    a.dscale[i] = static_cast<float>(a.dscale[i] + dscale);
    if (a.dbias) a.dbias[i] = static_cast<float>(a.dbias[i] + dbias);
  }
}

void head_forward(const HeadNormRows& a) {
  for (int64_t r = 0; r < a.rows; ++r)
    for (int64_t h = 0; h < a.heads; ++h) {
      const float* x = a.x + r * a.x_stride + h * a.columns;
      float* y = a.y + r * a.y_stride + h * a.columns;
      const Statistics s = statistics(x, a.columns, a.eps);
      for (int64_t i = 0; i < a.columns; ++i) y[i] = static_cast<float>((x[i] - s.mean) * s.rstd * a.scale[i]);
    }
}

void head_backward(const HeadNormBackwardRows& a) {
  for (int64_t r = 0; r < a.rows; ++r)
    for (int64_t h = 0; h < a.heads; ++h) {
      const float* x = a.x + r * a.x_stride + h * a.columns;
      const float* dy = a.dy + r * a.dy_stride + h * a.columns;
      float* dx = a.dx + r * a.dx_stride + h * a.columns;
      const Statistics s = statistics(x, a.columns, a.eps);
      const RowGradient g = row_gradient(x, a.scale, s, dy, a.columns);
      for (int64_t i = 0; i < a.columns; ++i) {
        const double dy_i = dy[i], z = (x[i] - s.mean) * s.rstd;
        a.dscale[i] = static_cast<float>(a.dscale[i] + dy_i * z);
        dx[i] = static_cast<float>(s.rstd * (dy_i * a.scale[i] - g.mean_h - z * g.mean_hz));
      }
    }
}

}  // namespace

const LayerNormKernels kLayerNormReference = {forward, backward, head_forward, head_backward};

}  // namespace moescope
