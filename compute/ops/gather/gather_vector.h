// Sparse dispatch and combine on vectors, written once. A token's few rows are summed side by side in registers.
#pragma once

#include "compute/ops/gather/gather_kernels.h"
#include "compute/ops/vector/vec.h"

namespace moescope {
namespace {

void gather_backward(const PairList& pairs, const float* drows, float* dx, int64_t columns, int64_t begin,
                     int64_t end) {
  for (int64_t t = begin; t < end; ++t) {
    const int32_t first = pairs.token_begin[t], last = pairs.token_begin[t + 1];
    if (first == last) continue;
    for_vectors(columns, [&](int64_t d, auto part) {
      Vec sum = load(dx + t * columns + d, part);
      for (int32_t i = first; i < last; ++i) sum = sum + load(drows + pairs.token_pairs[i] * columns + d, part);
      store(dx + t * columns + d, sum, part);
    });
  }
}

void combine(const PairList& pairs, const float* rows, float* y, int64_t columns, int64_t begin, int64_t end) {
  for (int64_t t = begin; t < end; ++t) {
    const int32_t first = pairs.token_begin[t], last = pairs.token_begin[t + 1];
    for_vectors(columns, [&](int64_t d, auto part) {
      Vec sum = zeros();
      for (int32_t i = first; i < last; ++i) {
        const int32_t r = pairs.token_pairs[i];
        sum = fma(all(pairs.weight[r]), load(rows + r * columns + d, part), sum);
      }
      store(y + t * columns + d, sum, part);
    });
  }
}

void combine_backward(const PairList& pairs, const float* rows, const float* dy, float* drows, float* dweight,
                      int64_t columns, int64_t begin, int64_t end) {
  for (int64_t r = begin; r < end; ++r) {
    const float *dy_row = dy + pairs.token[r] * columns, *row = rows + r * columns;
    const Vec weight = all(pairs.weight[r]);
    dweight[r] = sum(sum_vectors(columns, [&](int64_t d, auto part) {
      const Vec dy_d = load(dy_row + d, part), product = dy_d * load(row + d, part);
      store(drows + r * columns + d, weight * dy_d, part);
      return product;
    }));
  }
}

constexpr GatherKernels kVectorGather = {gather_backward, combine, combine_backward};

}  // namespace
}  // namespace moescope
