// Convolutions on vectors, written once. The numbers under a row of the window stand together in the image, so a row of
// outputs is a small matrix product for each row of the window; nothing is copied out first.
#pragma once

#include "compute/ops/convolution/convolution_kernels.h"
#include "compute/ops/vector/small_gemm_vector.h"

namespace moescope {
namespace {

void forward(const ConvolutionImage& s, const float* x, const float* w, const float* b, float* y) {
  const int64_t depth = s.kernel_w * s.channels, row = s.out_w * s.filters;
  for (int64_t oy = 0; oy < s.out_h; ++oy, y += row) {
    for (int64_t ox = 0; ox < s.out_w; ++ox)
      for_vectors(s.filters, [&](int64_t i, auto part) { store(y + ox * s.filters + i, load(b + i, part), part); });
    for (int64_t ky = 0; ky < s.kernel_h; ++ky)
      small_gemm(s.out_w, s.filters, depth, x + s.in_row(oy, ky), s.stride_w * s.channels, 1,
                 w + ky * depth * s.filters, s.filters, y, s.filters, true);
  }
}

void weights(const ConvolutionImage& s, const float* x, const float* dy, float* dw, int64_t begin, int64_t end) {
  const int64_t depth = s.kernel_w * s.channels;
  for (int64_t ky = begin; ky < end; ++ky)
    for (int64_t oy = 0; oy < s.out_h; ++oy)
      small_gemm(depth, s.filters, s.out_w, x + s.in_row(oy, ky), 1, s.stride_w * s.channels,
                 dy + oy * s.out_w * s.filters, s.filters, dw + ky * depth * s.filters, s.filters, true);
}

void input(const ConvolutionImage& s, const float* dy, const float* wt, float* dx) {
  const int64_t matrix = s.channels * s.filters;
  for (int64_t oy = 0; oy < s.out_h; ++oy)
    for (int64_t ky = 0; ky < s.kernel_h; ++ky)
      for (int64_t kx = 0; kx < s.kernel_w; ++kx)  // one column of the window at a time: their targets overlap
        small_gemm(s.out_w, s.channels, s.filters, dy + oy * s.out_w * s.filters, s.filters, 1,
                   wt + (ky * s.kernel_w + kx) * matrix, s.channels, dx + s.in_row(oy, ky) + kx * s.channels,
                   s.stride_w * s.channels, true);
}

constexpr ConvolutionKernels kVectorConvolution = {forward, weights, input};

}  // namespace
}  // namespace moescope
