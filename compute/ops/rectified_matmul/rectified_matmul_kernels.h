// Row-major products that skip the zeros of a; one table per instruction set.
#pragma once

#include <cstdint>

namespace moescope {

struct RectifiedMatmulKernels {
  /// y (rows,N) = a (rows,K) b (K,N) + bias (N)
  void (*forward)(int64_t rows, int64_t depth, int64_t columns, const float* a, const float* b, const float* bias,
                  float* y);
  /// Rows [begin, end) of db (K,N) += aᵀ dy, a (rows,K), dy (rows,N).
  void (*weights)(int64_t rows, int64_t depth, int64_t columns, const float* a, const float* dy, float* db,
                  int64_t begin, int64_t end);
};

extern const RectifiedMatmulKernels kRectifiedMatmulReference, kRectifiedMatmulAvx2, kRectifiedMatmulAvx512;

}  // namespace moescope
