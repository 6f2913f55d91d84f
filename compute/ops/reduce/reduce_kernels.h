// The inner loops of the small sums, one table per instruction set.
#pragma once

#include <cstdint>

namespace moescope {

struct ReduceKernels {
  /// sum[c] (+)= factor * sum over rows of x[r * stride + c], for c in [0, columns).
  void (*column_sums)(const float* x, int64_t rows, int64_t stride, int64_t columns, float factor, bool accumulate,
                      float* sum);
  void (*add)(const float* x, float* y, int64_t n);                     // y += x
  void (*multiply)(const float* x, float factor, float* y, int64_t n);  // y = factor * x; y may be x
  void (*round_to_bf16)(const float* x, float* y, int64_t n);           // y may be x
};

extern const ReduceKernels kReduceReference, kReduceAvx2, kReduceAvx512;

}  // namespace moescope
