// The definition of the small sums, in double.
#include <cstring>

#include "compute/ops/reduce/reduce_kernels.h"

namespace moescope {
namespace {

void column_sums(const float* x, int64_t rows, int64_t stride, int64_t columns, float factor, bool accumulate,
                 float* sum) {
  for (int64_t c = 0; c < columns; ++c) {
    double total = 0;
    for (int64_t r = 0; r < rows; ++r) total += x[r * stride + c];
    sum[c] = static_cast<float>((accumulate ? sum[c] : 0) + factor * total);
  }
}

void add(const float* x, float* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] += x[i];
}

void multiply(const float* x, float factor, float* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = factor * x[i];
}

// Half a unit of the last kept bit is added, a little less when that bit is even: ties go to even. A NaN stays one.
void round_to_bf16(const float* x, float* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    uint32_t bits;
    std::memcpy(&bits, x + i, sizeof bits);
    if ((bits & 0x7fffffffu) > 0x7f800000u)
      bits |= 0x00400000u;
    else
      bits += 0x7fffu + ((bits >> 16) & 1u);
    bits &= 0xffff0000u;
    std::memcpy(y + i, &bits, sizeof bits);
  }
}

}  // namespace

const ReduceKernels kReduceReference = {column_sums, add, multiply, round_to_bf16};

}  // namespace moescope
