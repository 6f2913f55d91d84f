// The inner loops of l2 normalisation, one table per instruction set.
#pragma once

#include <cstdint>

namespace moescope {

/// v̂ = forward * v;  dv = forward * dv̂ - backward * v * (v . dv̂). Both are 0 where the gradient is defined to be 0.
struct NormFactors {
  double forward, backward;
};
/// The factors from |v|²: one function per place of epsilon, NUMERICS 1.2. `gradient`: for the backward pass.
using NormFactorsFn = NormFactors(double sum_of_squares, bool gradient);

struct L2NormalizeKernels {
  /// x, y: rows * columns; gains (columns) may be null.
  void (*rows)(NormFactorsFn* factors, const float* x, float* y, float gain, const float* gains, int64_t rows,
               int64_t columns);
  /// dx +=; dgains (columns) +=, this thread's part, may be null.
  void (*rows_backward)(NormFactorsFn* factors, const float* x, const float* dy, float* dx, float gain,
                        const float* gains, float* dgains, int64_t rows, int64_t columns);
  /// Columns [begin, end) of a matrix whose rows stand `stride` apart. scratch: 2 * (end - begin) floats.
  void (*columns)(NormFactorsFn* factors, const float* x, float* y, float gain, int64_t rows, int64_t stride,
                  int64_t begin, int64_t end, float* scratch);
  void (*columns_backward)(NormFactorsFn* factors, const float* x, const float* dy, float* dx, float gain, int64_t rows,
                           int64_t stride, int64_t begin, int64_t end, float* scratch);
};

extern const L2NormalizeKernels kL2NormalizeReference, kL2NormalizeAvx2, kL2NormalizeAvx512;

}  // namespace moescope
