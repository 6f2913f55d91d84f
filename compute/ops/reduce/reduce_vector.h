// The small sums on vectors, written once.
#pragma once

#include "compute/ops/reduce/reduce_kernels.h"
#include "compute/ops/vector/vec.h"

namespace moescope {
namespace {

// Rows are added in stretches of 32, whose sums are then added: rounding grows with the number of stretches, not of
// rows.
constexpr int64_t kStretch = 32;

template <int kVectors, class Part>
void column_block(const float* x, int64_t rows, int64_t stride, Vec factor, bool accumulate, float* sum, Part part) {
  Vec total[kVectors];
  for (int j = 0; j < kVectors; ++j) total[j] = zeros();
  for (int64_t begin = 0; begin < rows; begin += kStretch) {
    const int64_t end = begin + kStretch < rows ? begin + kStretch : rows;
    Vec s[kVectors];
    for (int j = 0; j < kVectors; ++j) s[j] = zeros();
    for (int64_t r = begin; r < end; ++r)
      for (int j = 0; j < kVectors; ++j) s[j] = s[j] + load(x + r * stride + j * Vec::kLanes, part);
    for (int j = 0; j < kVectors; ++j) total[j] = total[j] + s[j];
  }
  for (int j = 0; j < kVectors; ++j) {
    float* at = sum + j * Vec::kLanes;
    store(at, fma(factor, total[j], accumulate ? load(at, part) : zeros()), part);
  }
}

void column_sums(const float* x, int64_t rows, int64_t stride, int64_t columns, float factor, bool accumulate,
                 float* sum) {
  constexpr int kVectors = 4;
  const Vec f = all(factor);
  int64_t c = 0;
  for (; c + kVectors * Vec::kLanes <= columns; c += kVectors * Vec::kLanes)
    column_block<kVectors>(x + c, rows, stride, f, accumulate, sum + c, Whole{});
  for_vectors(columns - c, [&](int64_t i, auto part) {
    column_block<1>(x + c + i, rows, stride, f, accumulate, sum + c + i, part);
  });
}

void add(const float* x, float* y, int64_t n) {
  for_vectors(n, [&](int64_t i, auto part) { store(y + i, load(y + i, part) + load(x + i, part), part); });
}

void multiply(const float* x, float factor, float* y, int64_t n) {
  const Vec f = all(factor);
  for_vectors(n, [&](int64_t i, auto part) { store(y + i, f * load(x + i, part), part); });
}

void round_to_bf16(const float* x, float* y, int64_t n) {
  for_vectors(n, [&](int64_t i, auto part) { store(y + i, to_bf16(load(x + i, part)), part); });
}

constexpr ReduceKernels kVectorReduce = {column_sums, add, multiply, round_to_bf16};

}  // namespace
}  // namespace moescope
