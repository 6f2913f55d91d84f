// The arithmetic behind the fake's matrix products: column-major, float32 sums.
#pragma once

#include <cstdint>

namespace cuda_fake {

/// What a product's operands become before it. tf32 is cut off, the worse of what tensor cores do.
enum class Rounded { no, to_tf32, to_bf16 };

struct ProductShape {
  int64_t m, n, k, a_leading, b_leading, c_leading, y_leading;
  bool transpose_a, transpose_b;
  Rounded rounded;
  float alpha, beta;
};

/// y (m,n) = alpha op(a) op(b) + beta c; c is not read when it is null.
void product(const ProductShape& shape, const float* a, const float* b, const float* c, float* y);

}  // namespace cuda_fake
