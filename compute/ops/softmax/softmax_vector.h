// Softmax on vectors, written once; softmax_avx2.cpp and softmax_avx512.cpp compile it.
#pragma once

#include "compute/ops/softmax/softmax_kernels.h"
#include "compute/ops/vector/softmax_row_vector.h"

namespace moescope {
namespace {

void forward(const float* x, float* y, int64_t rows, int64_t n) {
  for (int64_t r = 0; r < rows; ++r) softmax_row(x + r * n, y + r * n, n, 1);
}

void backward(const float* y, const float* dy, float* dx, int64_t rows, int64_t n) {
  for (int64_t at = 0; at < rows * n; at += n) softmax_row_backward(y + at, dy + at, dx + at, n, 1);
}

constexpr SoftmaxKernels kVectorSoftmax = {forward, backward};

}  // namespace
}  // namespace moescope
