// The inner loops of layer normalisation over a range of rows, one table per instruction set.
#pragma once

#include <cstdint>

namespace moescope {

struct LayerNormRows {
  const float *x, *residual;  // residual, bias, mean, rstd and sum may be null
  const float *scale, *bias;
  float *y, *mean, *rstd, *sum;
  int64_t rows, columns;
  float eps;
};

struct LayerNormBackwardRows {
  const float *x, *scale, *mean, *rstd, *dy;
  float* dx;              // +=
  float *dscale, *dbias;  // +=, this thread's part; dbias may be null
  int64_t rows, columns;
};

struct HeadNormRows {
  const float *x, *scale;
  float* y;
  int64_t x_stride, y_stride, rows, heads, columns;  // columns: width of one head
  float eps;
};

struct HeadNormBackwardRows {
  const float *x, *scale, *dy;
  float *dx, *dscale;  // dx overwritten, may be dy; dscale +=, this thread's part
  int64_t x_stride, dy_stride, dx_stride, rows, heads, columns;
  float eps;
};

struct LayerNormKernels {
  void (*forward)(const LayerNormRows&);
  void (*backward)(const LayerNormBackwardRows&);
  void (*head_forward)(const HeadNormRows&);
  void (*head_backward)(const HeadNormBackwardRows&);
};

extern const LayerNormKernels kLayerNormReference, kLayerNormAvx2, kLayerNormAvx512;

}  // namespace moescope
