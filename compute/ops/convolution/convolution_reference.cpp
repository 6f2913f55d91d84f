// The definition of a convolution: every output is a sum over its window, in double.
#include "compute/ops/convolution/convolution_kernels.h"

namespace moescope {
namespace {

/// body(output position, place in the image, place in the window) for every place of every window.
template <class Body>
void for_each_place(const ConvolutionImage& s, int64_t begin, int64_t end, Body&& body) {
  for (int64_t oy = 0; oy < s.out_h; ++oy)
    for (int64_t ox = 0; ox < s.out_w; ++ox)
      for (int64_t ky = begin; ky < end; ++ky)
        for (int64_t kx = 0; kx < s.kernel_w; ++kx)
          body(oy * s.out_w + ox, s.in_row(oy, ky) / s.channels + ox * s.stride_w + kx, ky * s.kernel_w + kx);
}

void forward(const ConvolutionImage& s, const float* x, const float* w, const float* b, float* y) {
  for (int64_t f = 0; f < s.filters; ++f)
    for (int64_t oy = 0; oy < s.out_h; ++oy)
      for (int64_t ox = 0; ox < s.out_w; ++ox) {
        double sum = b[f];
        for (int64_t ky = 0; ky < s.kernel_h; ++ky)
          for (int64_t i = 0; i < s.kernel_w * s.channels; ++i)
            sum += static_cast<double>(x[s.in_row(oy, ky) + ox * s.stride_w * s.channels + i]) *
                   w[(ky * s.kernel_w * s.channels + i) * s.filters + f];
        y[(oy * s.out_w + ox) * s.filters + f] = static_cast<float>(sum);
      }
}

void weights(const ConvolutionImage& s, const float* x, const float* dy, float* dw, int64_t begin, int64_t end) {
  for_each_place(s, begin, end, [&](int64_t out, int64_t in, int64_t place) {
    for (int64_t c = 0; c < s.channels; ++c)
      for (int64_t f = 0; f < s.filters; ++f)
        dw[(place * s.channels + c) * s.filters + f] += x[in * s.channels + c] * dy[out * s.filters + f];
  });
}

void input(const ConvolutionImage& s, const float* dy, const float* wt, float* dx) {
  for_each_place(s, 0, s.kernel_h, [&](int64_t out, int64_t in, int64_t place) {
    for (int64_t c = 0; c < s.channels; ++c) {
      double sum = 0;
      for (int64_t f = 0; f < s.filters; ++f)
        sum += static_cast<double>(dy[out * s.filters + f]) * wt[(place * s.filters + f) * s.channels + c];
      dx[in * s.channels + c] += static_cast<float>(sum);
    }
  });
}

}  // namespace

const ConvolutionKernels kConvolutionReference = {forward, weights, input};

}  // namespace moescope
