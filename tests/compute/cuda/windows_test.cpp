// Kernels that slide over images: a convolution by unfolding, its way back, and the largest number under a window.
#include "compute/cuda/kernels/windows.h"

#include "compute/cuda/kernels/column_sums.h"
#include "compute/cuda/kernels/matmul.h"
#include "compute/ops/convolution/convolution.h"
#include "compute/ops/max_pool/max_pool.h"
#include "support/device_array.h"
#include "support/expect_close.h"
#include "support/random_tensor.h"

namespace moescope::cuda {
namespace {

constexpr double kTolerance = 1e-5;  // sums of up to 100 float products

Windows windows_of(const Shape& x, int64_t kernel, int64_t stride, Padding padding) {
  const WindowedAxis h = windowed_axis(x[1], kernel, stride, padding), w = windowed_axis(x[2], kernel, stride, padding);
  return {x[0], x[1], x[2], x[3], kernel, kernel, stride, stride, h.low, w.low, h.out, w.out};
}

struct Case {
  int64_t height, width, channels, kernel, stride, filters;
  Padding padding;
};
// An atari encoder's first layer in small; the IMPALA encoder's; windows that leave a rest.
constexpr Case kCases[] = {{10, 10, 4, 3, 1, 5, Padding::valid},
                           {9, 7, 3, 3, 2, 4, Padding::same},
                           {11, 8, 2, 4, 3, 3, Padding::valid},
                           {1, 1, 1, 1, 1, 1, Padding::same}};

TEST(CudaWindows, AConvolutionByUnfoldingIsTheCpus) {
  for (const Case& c : kCases)
    in_every_order([&] {
      const Shape image{2, c.height, c.width, c.channels}, kernel{c.kernel, c.kernel, c.channels, c.filters};
      const Windows windows = windows_of(image, c.kernel, c.stride, c.padding);
      const int64_t places = 2 * windows.out_h * windows.out_w, taps = c.kernel * c.kernel * c.channels;
      const ConvolutionOptions options{c.stride, c.stride, c.padding};
      const Buffer x = random_tensor(image, 91), w = random_tensor(kernel, 92), b = random_tensor({c.filters}, 93);
      const Buffer y(convolved_shape(image, kernel, options)), dy = random_tensor(y.tensor().shape(), 94);
      const Buffer dx(image), dw(kernel), db({c.filters});
      moescope::convolution(x, w, b, options, y);
      moescope::convolution_backward(x, w, dy, options, dx, dw, db);

      const Floats x_(x), w_(w), b_(b), dy_(dy), rows(places * taps), got(y.size());
      expect_ran(launch_unfold({windows, x_.get(), rows.get()}, nullptr));
      expect_ran(launch_matmul({rows.get(), w_.get(), b_.get(), got.get(), 1, places, c.filters, taps, taps, c.filters,
                                c.filters, 0, 0, 0, 0, false, false, false},
                               nullptr));
      expect_close(got.tensor(), y, kTolerance, "y");
      const Floats got_dw(dw.size()), drows(places * taps), got_dx(x.size());
      expect_ran(launch_matmul({rows.get(), dy_.get(), nullptr, got_dw.get(), 1, taps, c.filters, places, taps,
                                c.filters, c.filters, 0, 0, 0, 0, true, false, false},
                               nullptr));
      expect_close(got_dw.tensor(), dw, kTolerance, "dw");
      expect_ran(launch_matmul({dy_.get(), w_.get(), nullptr, drows.get(), 1, places, taps, c.filters, c.filters,
                                c.filters, taps, 0, 0, 0, 0, false, true, false},
                               nullptr));
      expect_ran(launch_fold({windows, drows.get(), got_dx.get()}, nullptr));
      expect_close(got_dx.tensor(), dx, kTolerance, "dx");
    });
}

TEST(CudaWindows, MaxPoolIsTheCpus) {
  for (const auto& [height, width, stride] : {std::array<int64_t, 3>{9, 8, 2}, {4, 5, 1}, {1, 1, 2}})
    in_every_order([&, height = height, width = width, stride = stride] {
      const Shape image{2, height, width, 3};
      Buffer x = random_tensor(image, 95);
      for (int64_t i = 0; i < x.size(); i += 2) x.f32()[i] = 1;  // ties: the first of equal ones
      const Windows windows = windows_of(image, 3, stride, Padding::same);
      const Buffer y({2, windows.out_h, windows.out_w, 3}), from({2, windows.out_h, windows.out_w, 3}, DType::i32);
      const Buffer dy = random_tensor(y.tensor().shape(), 96), dx(image);
      moescope::max_pool(x, 3, stride, y, from);
      moescope::max_pool_backward(dy, from, dx);
      const Floats x_(x), got(y.size()), dy_(dy), got_dx(x.size());
      const Ints got_from(y.size());
      expect_ran(launch_max_pool({windows, x_.get(), got.get(), got_from.get()}, nullptr));
      expect_close(got.tensor(), y, 0, "y");
      EXPECT_EQ(got_from.host(), std::vector<int32_t>(from.i32(), from.i32() + from.size()));
      expect_ran(launch_max_pool_backward({windows, dy_.get(), got_from.get(), got_dx.get()}, nullptr));
      expect_close(got_dx.tensor(), dx, 1e-6, "dx");  // up to nine terms
    });
}

}  // namespace
}  // namespace moescope::cuda
