// The inner loops of a convolution over one image whose zeros are already around it; one table per instruction set.
#pragma once

#include <cstdint>

namespace moescope {

struct ConvolutionImage {
  int64_t width, channels;        // of the padded image
  int64_t kernel_h, kernel_w;     //
  int64_t stride_h, stride_w;     //
  int64_t out_h, out_w, filters;  // of the result

  int64_t in_row(int64_t y, int64_t ky) const { return (y * stride_h + ky) * width * channels; }
};

struct ConvolutionKernels {
  /// y (H',W',F) = b + sum of x (H,W,C) * w (kh,kw,C,F).
  void (*forward)(const ConvolutionImage& s, const float* x, const float* w, const float* b, float* y);
  /// Rows [begin, end) of the window: dw (kh,kw,C,F) +=.
  void (*weights)(const ConvolutionImage& s, const float* x, const float* dy, float* dw, int64_t begin, int64_t end);
  /// dx (H,W,C) += ; wt (kh,kw,F,C) holds each C by F matrix of w transposed.
  void (*input)(const ConvolutionImage& s, const float* dy, const float* wt, float* dx);
};

extern const ConvolutionKernels kConvolutionReference, kConvolutionAvx2, kConvolutionAvx512;

}  // namespace moescope
