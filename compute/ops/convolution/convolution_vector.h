// Convolutions on vectors, written once. The numbers under a row of the window stand together in the image, so a row of
// outputs is a small matrix product for each row of the window; nothing is copied out first.
//
// Images that are mostly zeros, as the planes of a small game are (33 of Breakout's 400 numbers), go the other way:
// each number that there is adds its weights to the outputs that see it, and the rest costs nothing.
#pragma once

#include "compute/ops/convolution/convolution_kernels.h"
#include "compute/ops/vector/small_gemm_vector.h"

namespace moescope {
namespace {

/// Where the numbers of an image stand that are not 0; more than a quarter, or than fit: not worth it.
struct FewNumbers {
  static constexpr int64_t kMost = 512;
  int32_t at[kMost + Vec::kLanes];
  int64_t count = 0;

  bool find(const ConvolutionImage& s, const float* x) {
    if (s.stride_h != 1 || s.stride_w != 1) return false;
    const int64_t all = (s.out_h - 1 + s.kernel_h) * s.width * s.channels, most = all / 4 < kMost ? all / 4 : kMost;
    bool few = true;
    for_vectors(all, [&](int64_t i, auto part) {
      if (!few) return;
      count += append_lanes(at + count, load(x + i, part), i);
      few = count <= most;
    });
    return few;
  }

  /// body(number, its weights in w, the output) for the windows that see each number, rows [begin, end) of the window;
  /// each `Weights` or `Outputs` is a float*, const or not.
  template <class Weights, class Outputs, class Body>
  void for_each(const ConvolutionImage& s, const float* x, int64_t begin, int64_t end, Weights w, Outputs y,
                Body&& body) const {
    const auto channels = static_cast<int32_t>(s.channels), width = static_cast<int32_t>(s.width);
    for (int64_t i = 0; i < count; ++i) {
      const int32_t place = at[i] / channels, channel = at[i] % channels, row = place / width, column = place % width;
      const int64_t ky_low = row - s.out_h + 1 > begin ? row - s.out_h + 1 : begin, ky_high = row < end ? row + 1 : end,
                    kx_low = column - s.out_w + 1 > 0 ? column - s.out_w + 1 : 0,
                    kx_high = column < s.kernel_w ? column + 1 : s.kernel_w;
      const Vec number = all(x[at[i]]);
      for (int64_t ky = ky_low; ky < ky_high; ++ky) {
        Weights weights = w + ((ky * s.kernel_w + kx_low) * s.channels + channel) * s.filters;
        Outputs outputs = y + ((row - ky) * s.out_w + column - kx_low) * s.filters;
        for (int64_t kx = kx_low; kx < kx_high; ++kx, weights += s.channels * s.filters, outputs -= s.filters)
          body(number, weights, outputs);
      }
    }
  }
};

/// to += number * from, for each filter.
inline void add_product(Vec number, const float* from, float* to, int64_t filters) {
  if (filters == Vec::kLanes) return store(to, fma(number, load(from, Whole{}), load(to, Whole{})), Whole{});
  for_vectors(filters, [&](int64_t i, auto part) {
    store(to + i, fma(number, load(from + i, part), load(to + i, part)), part);
  });
}

void fill_with_bias(const ConvolutionImage& s, const float* b, float* y) {
  for (int64_t place = 0; place < s.out_h * s.out_w; ++place)
    for_vectors(s.filters, [&](int64_t i, auto part) { store(y + place * s.filters + i, load(b + i, part), part); });
}

void forward(const ConvolutionImage& s, const float* x, const float* w, const float* b, float* y) {
  fill_with_bias(s, b, y);
  if (FewNumbers few; few.find(s, x)) {
    few.for_each(s, x, 0, s.kernel_h, w, y, [&](Vec number, const float* weights, float* outputs) {
      add_product(number, weights, outputs, s.filters);
    });
    return;
  }
  const int64_t depth = s.kernel_w * s.channels, row = s.out_w * s.filters;
  for (int64_t oy = 0; oy < s.out_h; ++oy, y += row) {
    for (int64_t ky = 0; ky < s.kernel_h; ++ky)
      small_gemm(s.out_w, s.filters, depth, x + s.in_row(oy, ky), s.stride_w * s.channels, 1,
                 w + ky * depth * s.filters, s.filters, y, s.filters, true);
  }
}

void weights(const ConvolutionImage& s, const float* x, const float* dy, float* dw, int64_t begin, int64_t end) {
  if (FewNumbers few; few.find(s, x)) {
    few.for_each(s, x, begin, end, dw, dy, [&](Vec number, float* weights, const float* outputs) {
      add_product(number, outputs, weights, s.filters);
    });
    return;
  }
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
