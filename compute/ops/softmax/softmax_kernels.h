// The inner loops of softmax over a range of rows, one table per instruction set.
#pragma once

#include <cstdint>

namespace moescope {

struct SoftmaxKernels {
  void (*forward)(const float* x, float* y, int64_t rows, int64_t columns);
  void (*backward)(const float* y, const float* dy, float* dx, int64_t rows, int64_t columns);
};

extern const SoftmaxKernels kSoftmaxReference, kSoftmaxAvx2, kSoftmaxAvx512;

}  // namespace moescope
