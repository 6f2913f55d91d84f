// Forward one thread an output, backward one thread an input that looks through the windows above it: no atomics.
#include "compute/cuda/kernels/windows.h"

#include <cmath>

#include "compute/cuda/kernels/device.cuh"

namespace moescope::cuda {
namespace {

/// Element i of an array (count,height,width,channels).
struct Pixel {
  int image, y, x, channel;
};
__device__ Pixel pixel_of(int64_t i, int64_t height, int64_t width, int64_t channels) {
  const Position element = position_of(i, channels), line = position_of(element.row, width),
                 image = position_of(line.row, height);
  return {static_cast<int>(image.row), static_cast<int>(image.column), static_cast<int>(line.column),
          static_cast<int>(element.column)};
}

__device__ int64_t place_of(const Windows& w, const Pixel& p) {
  return ((static_cast<int64_t>(p.image) * w.height + p.y) * w.width + p.x) * w.channels + p.channel;
}

__global__ void unfold(UnfoldArguments a) {
  const Windows& w = a.windows;
  const int64_t i = element_of_thread(), row_size = w.kernel_h * w.kernel_w * w.channels;
  if (i >= w.count * w.out_h * w.out_w * row_size) return;
  const Position at = position_of(i, row_size);
  const Pixel window = pixel_of(at.row, w.out_h, w.out_w, 1),
              tap = pixel_of(at.column, w.kernel_h, w.kernel_w, w.channels);
  const Pixel from{window.image, static_cast<int>(window.y * w.stride_h - w.low_h) + tap.y,
                   static_cast<int>(window.x * w.stride_w - w.low_w) + tap.x, tap.channel};
  const bool inside = from.y >= 0 && from.y < w.height && from.x >= 0 && from.x < w.width;
  a.rows[i] = inside ? a.images[place_of(w, from)] : 0;
}

/// Windows along one axis that cover position `at`: [first, last).
struct Span {
  int first, last;
};
__device__ Span windows_over(int at, int64_t low, int64_t kernel, int64_t stride, int64_t out) {
  const auto padded = static_cast<int>(at + low), step = static_cast<int>(stride), size = static_cast<int>(kernel);
  const int first = padded < size ? 0 : (padded - size) / step + 1;
  return {first, static_cast<int>(smaller(padded / step + 1, out))};
}

/// visit(output row and column, tap row and column) for each window over a pixel, in order.
template <class Visit>
__device__ void for_windows(const Windows& w, const Pixel& p, Visit visit) {
  const Span rows = windows_over(p.y, w.low_h, w.kernel_h, w.stride_h, w.out_h);
  const Span columns = windows_over(p.x, w.low_w, w.kernel_w, w.stride_w, w.out_w);
  for (int oy = rows.first; oy < rows.last; ++oy)
    for (int ox = columns.first; ox < columns.last; ++ox)
      visit((p.image * w.out_h + oy) * w.out_w + ox, p.y + w.low_h - oy * w.stride_h, p.x + w.low_w - ox * w.stride_w);
}

__global__ void fold(FoldArguments a) {
  const Windows& w = a.windows;
  const int64_t i = element_of_thread();
  if (i >= w.count * w.height * w.width * w.channels) return;
  const Pixel p = pixel_of(i, w.height, w.width, w.channels);
  float sum = 0;
  for_windows(w, p, [&](int64_t window, int64_t ky, int64_t kx) {
    sum += a.drows[((window * w.kernel_h + ky) * w.kernel_w + kx) * w.channels + p.channel];
  });
  a.dimages[i] = sum;
}

__global__ void max_pool(MaxPoolArguments a) {
  const Windows& w = a.windows;
  const int64_t i = element_of_thread();
  if (i >= w.count * w.out_h * w.out_w * w.channels) return;
  const Pixel window = pixel_of(i, w.out_h, w.out_w, w.channels);
  const auto top = static_cast<int>(window.y * w.stride_h - w.low_h),
             left = static_cast<int>(window.x * w.stride_w - w.low_w);
  float best = -INFINITY;
  int64_t from = -1;
  for (int y = top; y < top + w.kernel_h; ++y)
    for (int x = left; x < left + w.kernel_w; ++x) {
      if (y < 0 || y >= w.height || x < 0 || x >= w.width) continue;
      const int64_t at = place_of(w, {0, y, x, window.channel});
      const float value = a.images[window.image * w.height * w.width * w.channels + at];
      if (from < 0 || value > best) best = value, from = at;
    }
  a.y[i] = best;
  a.from[i] = static_cast<int32_t>(from);
}

__global__ void max_pool_backward(MaxPoolBackwardArguments a) {
  const Windows& w = a.windows;
  const int64_t i = element_of_thread(), size = w.height * w.width * w.channels;
  if (i >= w.count * size) return;
  const Pixel p = pixel_of(i, w.height, w.width, w.channels);
  const int64_t own = i - p.image * size;
  float sum = 0;
  for_windows(w, p, [&](int64_t window, int64_t, int64_t) {
    const int64_t out = window * w.channels + p.channel;
    if (a.from[out] == own) sum += a.dy[out];
  });
  a.dimages[i] = sum;
}

int64_t inputs_of(const Windows& w) { return w.count * w.height * w.width * w.channels; }
int64_t outputs_of(const Windows& w) { return w.count * w.out_h * w.out_w * w.channels; }

}  // namespace

cudaError_t launch_unfold(const UnfoldArguments& a, cudaStream_t stream) {
  const int64_t size = outputs_of(a.windows) * a.windows.kernel_h * a.windows.kernel_w;
  if (!fits_positions(size)) return cudaErrorInvalidValue;
  return size == 0 ? cudaSuccess : launch(unfold, thread_per_element(size), stream, a);
}

cudaError_t launch_fold(const FoldArguments& a, cudaStream_t stream) {
  const int64_t size = inputs_of(a.windows);
  if (!fits_positions(size)) return cudaErrorInvalidValue;
  return size == 0 ? cudaSuccess : launch(fold, thread_per_element(size), stream, a);
}

cudaError_t launch_max_pool(const MaxPoolArguments& a, cudaStream_t stream) {
  const int64_t size = outputs_of(a.windows);
  if (!fits_positions(size)) return cudaErrorInvalidValue;
  return size == 0 ? cudaSuccess : launch(max_pool, thread_per_element(size), stream, a);
}

cudaError_t launch_max_pool_backward(const MaxPoolBackwardArguments& a, cudaStream_t stream) {
  const int64_t size = inputs_of(a.windows);
  if (!fits_positions(size)) return cudaErrorInvalidValue;
  return size == 0 ? cudaSuccess : launch(max_pool_backward, thread_per_element(size), stream, a);
}

}  // namespace moescope::cuda
