// Checks, zeros around the images, threads, and the choice of implementation for convolutions.
#include "compute/ops/convolution/convolution.h"

#include <algorithm>
#include <cstring>

#include "compute/backends/thread_pool.h"
#include "compute/ops/check_operands.h"
#include "compute/ops/convolution/convolution_implementations.h"
#include "compute/ops/convolution/convolution_kernels.h"
#include "compute/ops/cpu_list.h"
#include "compute/ops/matmul/matmul.h"
#include "compute/ops/reduce/reduce.h"
#include "compute/ops/scratch.h"

namespace moescope {
namespace {

struct Plan {
  ConvolutionImage image;
  int64_t images, height, width, top, left, padded_height;

  bool pads() const { return padded_height != height || image.width != width; }
  int64_t in_floats() const { return height * width * image.channels; }
  int64_t padded_floats() const { return padded_height * image.width * image.channels; }
  int64_t out_floats() const { return image.out_h * image.out_w * image.filters; }
  int64_t weights() const { return image.kernel_h * image.kernel_w * image.channels * image.filters; }
  /// Images worth a thread: about as much work as waking one.
  int64_t grain() const {
    return std::max<int64_t>(1, 200'000 / std::max<int64_t>(1, image.out_h * image.out_w * weights()));
  }
};

Plan plan_of(const Tensor& x, const Tensor& w, const ConvolutionOptions& o) {
  const WindowedAxis rows = windowed_axis(x.dim(1), w.dim(0), o.stride_h, o.padding),
                     columns = windowed_axis(x.dim(2), w.dim(1), o.stride_w, o.padding);
  return {{.width = x.dim(2) + columns.low + columns.high,
           .channels = x.dim(3),
           .kernel_h = w.dim(0),
           .kernel_w = w.dim(1),
           .stride_h = o.stride_h,
           .stride_w = o.stride_w,
           .out_h = rows.out,
           .out_w = columns.out,
           .filters = w.dim(3)},
          x.dim(0),
          x.dim(1),
          x.dim(2),
          rows.low,
          columns.low,
          x.dim(1) + rows.low + rows.high};
}

size_t bytes(int64_t floats) { return static_cast<size_t>(floats) * sizeof(float); }

/// Where row y of an image begins within the padded one.
int64_t place(const Plan& p, int64_t y) { return ((y + p.top) * p.image.width + p.left) * p.image.channels; }

/// The image with its zeros around it, in `scratch` when there are any.
const float* padded(const Plan& p, const float* x, float* scratch) {
  if (!p.pads()) return x;
  std::memset(scratch, 0, bytes(p.padded_floats()));
  const int64_t row = p.width * p.image.channels;
  for (int64_t y = 0; y < p.height; ++y) std::memcpy(scratch + place(p, y), x + y * row, bytes(row));
  return scratch;
}

template <const ConvolutionKernels& kernels>
void run_convolution(const Tensor& x, const Tensor& w, const Tensor& b, const ConvolutionOptions& o, const Tensor& y) {
  const Plan p = plan_of(x, w, o);
  parallel_for(p.images, p.grain(), [&](int64_t begin, int64_t end, int) {
    thread_local Scratch scratch;
    float* room = p.pads() ? scratch.floats(p.padded_floats()) : nullptr;
    for (int64_t n = begin; n < end; ++n)
      kernels.forward(p.image, padded(p, x.f32() + n * p.in_floats(), room), w.f32(), b.f32(),
                      y.f32() + n * p.out_floats());
  });
}

template <const ConvolutionKernels& kernels>
void weight_gradients(const Plan& p, const Tensor& x, const Tensor& dy, const Tensor& dw) {
  thread_local Scratch scratch;
  const float* images = x.f32();
  if (p.pads()) {
    float* all = scratch.floats(p.images * p.padded_floats());
    for (int64_t n = 0; n < p.images; ++n) padded(p, x.f32() + n * p.in_floats(), all + n * p.padded_floats());
    images = all;
  }
  // Cut by rows of the window, so that no sum is split between threads.
  const int64_t work = p.images * p.out_floats() * p.image.kernel_w * p.image.channels;
  parallel_for(p.image.kernel_h, work > 200'000 ? 1 : p.image.kernel_h, [&](int64_t begin, int64_t end, int) {
    for (int64_t n = 0; n < p.images; ++n)
      kernels.weights(p.image, images + n * p.padded_floats(), dy.f32() + n * p.out_floats(), dw.f32(), begin, end);
  });
}

template <const ConvolutionKernels& kernels>
void input_gradients(const Plan& p, const Tensor& w, const Tensor& dy, const Tensor& dx) {
  thread_local Scratch transposed;
  float* wt = transposed.floats(p.weights());
  const int64_t channels = p.image.channels, filters = p.image.filters;
  for (int64_t k = 0; k < p.image.kernel_h * p.image.kernel_w; ++k)
    for (int64_t c = 0; c < channels; ++c)
      for (int64_t f = 0; f < filters; ++f)
        wt[(k * filters + f) * channels + c] = w.f32()[(k * channels + c) * filters + f];
  parallel_for(p.images, p.grain(), [&](int64_t begin, int64_t end, int) {
    thread_local Scratch scratch;
    float* room = scratch.floats(p.padded_floats());
    for (int64_t n = begin; n < end; ++n) {
      float* out = dx.f32() + n * p.in_floats();
      std::memset(room, 0, bytes(p.padded_floats()));
      kernels.input(p.image, dy.f32() + n * p.out_floats(), wt, room);
      const int64_t row = p.width * channels;
      for (int64_t y = 0; y < p.height; ++y) std::memcpy(out + y * row, room + place(p, y), bytes(row));
    }
  });
}

template <const ConvolutionKernels& kernels>
void run_convolution_backward(const Tensor& x, const Tensor& w, const Tensor& dy, const ConvolutionOptions& o,
                              const Tensor& dx, const Tensor& dw, const Tensor& db) {
  const Plan p = plan_of(x, w, o);
  weight_gradients<kernels>(p, x, dy, dw);
  add_column_sums(dy.reshaped({dy.size() / p.image.filters, p.image.filters}), db);
  if (!dx.empty()) input_gradients<kernels>(p, w, dy, dx);
}

int64_t flops(const Tensor& y, const Tensor& w) { return 2 * y.size() * (w.size() / w.dim(3)); }

void check(const char* op, const Tensor& x, const Tensor& w, const ConvolutionOptions& o, const Tensor& y) {
  check_pair(y.shape() == convolved_shape(x.shape(), w.shape(), o), op, "x", x, "y", y,
             convolved_shape(x.shape(), w.shape(), o).text().c_str());
}

}  // namespace

WindowedAxis windowed_axis(int64_t n, int64_t k, int64_t stride, Padding padding) {
  if (padding == Padding::valid) return {n < k ? 0 : (n - k) / stride + 1, 0, 0};
  const int64_t out = (n + stride - 1) / stride, total = std::max<int64_t>((out - 1) * stride + k - n, 0);
  return {out, total / 2, total - total / 2};
}

Shape convolved_shape(const Shape& x, const Shape& w, const ConvolutionOptions& o) {
  check_shape(x.rank() == 4 && w.rank() == 4 && x[3] == w[2] && o.stride_h > 0 && o.stride_w > 0, [&] {
    return "convolution: x " + x.text() + " and w " + w.text() + " disagree: expected (N,H,W,C) and (kh,kw,C,F)";
  });
  const int64_t rows = windowed_axis(x[1], w[0], o.stride_h, o.padding).out,
                columns = windowed_axis(x[2], w[1], o.stride_w, o.padding).out;
  check_shape(rows > 0 && columns > 0,
              [&] { return "convolution: the window of w " + w.text() + " does not fit into x " + x.text(); });
  return {x[0], rows, columns, w[3]};
}

ImplementationList<ConvolutionFn>& convolution_list() {
  static auto list = cpu_list<ConvolutionFn>("convolution", run_convolution<kConvolutionAvx512>,
                                             run_convolution<kConvolutionAvx2>, run_convolution<kConvolutionReference>);
  return list;
}

ImplementationList<ConvolutionBackwardFn>& convolution_backward_list() {
  static auto list = cpu_list<ConvolutionBackwardFn>(
      "convolution_backward", run_convolution_backward<kConvolutionAvx512>, run_convolution_backward<kConvolutionAvx2>,
      run_convolution_backward<kConvolutionReference>);
  return list;
}

void convolution(const Tensor& x, const Tensor& w, const Tensor& b, const ConvolutionOptions& options,
                 const Tensor& y) {
  check("convolution", x, w, options, y);
  check_columns("convolution", "w", w, "b", b);
  convolution_list().choose(x.device()).run(x, w, b, options, y);
  count_flops(flops(y, w));
}

void convolution_backward(const Tensor& x, const Tensor& w, const Tensor& dy, const ConvolutionOptions& options,
                          const Tensor& dx, const Tensor& dw, const Tensor& db) {
  check("convolution_backward", x, w, options, dy);
  check_same_size("convolution_backward", "w", w, "dw", dw);
  check_columns("convolution_backward", "w", w, "db", db);
  if (!dx.empty()) check_same_size("convolution_backward", "x", x, "dx", dx);
  convolution_backward_list().choose(x.device()).run(x, w, dy, options, dx, dw, db);
  count_flops((dx.empty() ? 1 : 2) * flops(dy, w));
}

}  // namespace moescope
