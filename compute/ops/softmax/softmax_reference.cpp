// The definition of softmax: y = exp(x - max) / sum of the same, sums in double.
#include <cmath>

#include "compute/ops/softmax/softmax_kernels.h"

namespace moescope {
namespace {

void forward(const float* x, float* y, int64_t rows, int64_t n) {
  for (int64_t r = 0; r < rows; ++r, x += n, y += n) {
    double max = x[0], sum = 0;
    for (int64_t i = 1; i < n; ++i) max = x[i] > max ? x[i] : max;
    for (int64_t i = 0; i < n; ++i) sum += std::exp(x[i] - max);  // a NaN makes the sum NaN, and so the whole row
    for (int64_t i = 0; i < n; ++i) y[i] = static_cast<float>(std::exp(x[i] - max) / sum);
  }
}

void backward(const float* y, const float* dy, float* dx, int64_t rows, int64_t n) {
  for (int64_t r = 0; r < rows; ++r, y += n, dy += n, dx += n) {
    double dot = 0;
    for (int64_t i = 0; i < n; ++i) dot += static_cast<double>(y[i]) * dy[i];
    for (int64_t i = 0; i < n; ++i) dx[i] = static_cast<float>(y[i] * (dy[i] - dot));
  }
}

}  // namespace

const SoftmaxKernels kSoftmaxReference = {forward, backward};

}  // namespace moescope
