// Convolutions over images with channels last, the cross-correlation of deep learning. NUMERICS 5.1.
#pragma once

#include "compute/core/tensor.h"

namespace moescope {

enum class Padding {
  valid,  // none: out = floor((n - k) / stride) + 1
  same,   // zeros: out = ceil(n / stride); of max((out-1)*stride + k - n, 0) zeros floor(half) stand on the low side
};

struct ConvolutionOptions {
  int64_t stride_h = 1, stride_w = 1;
  Padding padding = Padding::valid;
};

/// What one axis of length n becomes under a window of k, and the zeros on its low side.
struct WindowedAxis {
  int64_t out, low, high;
};
WindowedAxis windowed_axis(int64_t n, int64_t k, int64_t stride, Padding padding);

/// (N,H,W,C) and w (kh,kw,C,F) give (N,H',W',F). Throws ShapeError when the channels differ or the window does not fit.
Shape convolved_shape(const Shape& x, const Shape& w, const ConvolutionOptions& options);

/// y (N,H',W',F) = b + sum over the window of x * w, overwritten; b (F). A 0 in x may hide an
/// infinity or NaN in its weights. Work: 2*N*H'*W'*F*kh*kw*C FLOPs.
void convolution(const Tensor& x, const Tensor& w, const Tensor& b, const ConvolutionOptions& options, const Tensor& y);
/// dw (kh,kw,C,F) and db (F) +=; dx (N,H,W,C) overwritten, or empty when nobody asks for it.
void convolution_backward(const Tensor& x, const Tensor& w, const Tensor& dy, const ConvolutionOptions& options,
                          const Tensor& dx, const Tensor& dw, const Tensor& db);

}  // namespace moescope
