// Packs op(a) column by column, then adds up its columns: plain loops that the compiler turns into vectors.
#include "support/cuda_fake/product.h"

#include <bit>
#include <cstddef>
#include <vector>

namespace cuda_fake {
namespace {

float rounded(float x, Rounded how) {
  const uint32_t bits = std::bit_cast<uint32_t>(x);
  if (how == Rounded::no) return x;
  if (how == Rounded::to_tf32) return std::bit_cast<float>(bits & 0xFFFFE000u);
  return std::bit_cast<float>((bits + 0x7FFFu + (bits >> 16 & 1)) & 0xFFFF0000u);
}

}  // namespace

void product(const ProductShape& s, const float* a, const float* b, const float* c, float* y) {
  std::vector<float> columns(static_cast<size_t>(s.m * s.k)), sums(static_cast<size_t>(s.m));
  for (int64_t l = 0; l < s.k; ++l)
    for (int64_t i = 0; i < s.m; ++i) {
      const float one = s.transpose_a ? a[i * s.a_leading + l] : a[l * s.a_leading + i];
      columns[static_cast<size_t>(l * s.m + i)] = rounded(one, s.rounded);
    }
  for (int64_t j = 0; j < s.n; ++j) {
    for (float& sum : sums) sum = 0;
    for (int64_t l = 0; l < s.k; ++l) {
      const float factor = rounded(s.transpose_b ? b[l * s.b_leading + j] : b[j * s.b_leading + l], s.rounded);
      const float* column = columns.data() + l * s.m;
      for (int64_t i = 0; i < s.m; ++i) sums[static_cast<size_t>(i)] += column[i] * factor;
    }
    for (int64_t i = 0; i < s.m; ++i)
      y[j * s.y_leading + i] = s.alpha * sums[static_cast<size_t>(i)] + (c ? s.beta * c[j * s.c_leading + i] : 0);
  }
}

}  // namespace cuda_fake
