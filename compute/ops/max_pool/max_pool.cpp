// Plain loops with the channels innermost; a thirtieth of the convolutions around it.
#include "compute/ops/max_pool/max_pool.h"

#include <algorithm>
#include <limits>

#include "compute/backends/thread_pool.h"
#include "compute/ops/check_operands.h"
#include "compute/ops/convolution/convolution.h"
#include "compute/ops/reduce/reduce.h"

namespace moescope {
namespace {

struct Window {
  int64_t y0, y1, x0, x1;  // rows and columns of the image that it covers
};

void pool_window(const float* image, int64_t width, int64_t channels, const Window& w, float* y, int32_t* from) {
  std::fill(y, y + channels, -std::numeric_limits<float>::infinity());
  for (int64_t iy = w.y0; iy < w.y1; ++iy)
    for (int64_t ix = w.x0; ix < w.x1; ++ix)
      for (int64_t c = 0; c < channels; ++c) {
        const int64_t at = (iy * width + ix) * channels + c;
        if (image[at] > y[c] || (iy == w.y0 && ix == w.x0)) y[c] = image[at], from[c] = static_cast<int32_t>(at);
      }
}

}  // namespace

void max_pool(const Tensor& x, int64_t window, int64_t stride, const Tensor& y, const Tensor& from) {
  const WindowedAxis rows = windowed_axis(x.dim(1), window, stride, Padding::same),
                     columns = windowed_axis(x.dim(2), window, stride, Padding::same);
  const Shape expected{x.dim(0), rows.out, columns.out, x.dim(3)};
  check_pair(y.shape() == expected, "max_pool", "x", x, "y", y, expected.text().c_str());
  check_same_size("max_pool", "y", y, "from", from);
  const int64_t height = x.dim(1), width = x.dim(2), channels = x.dim(3);
  parallel_for(x.dim(0), row_grain(height * width * channels), [&](int64_t begin, int64_t end, int) {
    for (int64_t n = begin; n < end; ++n)
      for (int64_t oy = 0; oy < rows.out; ++oy)
        for (int64_t ox = 0; ox < columns.out; ++ox) {
          const int64_t top = oy * stride - rows.low, left = ox * stride - columns.low;
          const int64_t out = ((n * rows.out + oy) * columns.out + ox) * channels;
          pool_window(x.f32() + n * height * width * channels, width, channels,
                      {std::max<int64_t>(top, 0), std::min(top + window, height), std::max<int64_t>(left, 0),
                       std::min(left + window, width)},
                      y.f32() + out, from.i32() + out);
        }
  });
}

void max_pool_backward(const Tensor& dy, const Tensor& from, const Tensor& dx) {
  check_same_size("max_pool_backward", "dy", dy, "from", from);
  fill(dx, 0);
  const int64_t images = dx.dim(0), in = dx.size() / images, out = dy.size() / images;
  for (int64_t n = 0; n < images; ++n)
    for (int64_t i = 0; i < out; ++i) dx.f32()[n * in + from.i32()[n * out + i]] += dy.f32()[n * out + i];
}

}  // namespace moescope
