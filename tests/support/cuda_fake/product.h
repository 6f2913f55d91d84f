// The arithmetic behind the fake's matrix products: column-major, float32 sums.
#pragma once

#include <cstdint>

namespace cuda_fake {

struct ProductShape {
  int64_t m, n, k, a_leading, b_leading, c_leading, y_leading;
  bool transpose_a, transpose_b, round_to_bf16;
  float alpha, beta;
};

/// y (m,n) = alpha op(a) op(b) + beta c; c is not read when it is null.
void product(const ProductShape& shape, const float* a, const float* b, const float* c, float* y);

}  // namespace cuda_fake
