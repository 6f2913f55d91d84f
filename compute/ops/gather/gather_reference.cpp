// The definition of sparse dispatch and combine by index, sums in double.
#include "compute/ops/gather/gather.h"
#include "compute/ops/gather/gather_kernels.h"

namespace moescope {
namespace {

void gather_backward(const PairList& pairs, const float* drows, float* dx, int64_t columns, int64_t begin,
                     int64_t end) {
  for (int64_t t = begin; t < end; ++t)
    for (int64_t d = 0; d < columns; ++d) {
      double sum = dx[t * columns + d];
      for (int32_t i = pairs.token_begin[t]; i < pairs.token_begin[t + 1]; ++i)
        sum += drows[pairs.token_pairs[i] * columns + d];
      dx[t * columns + d] = static_cast<float>(sum);
    }
}

void combine(const PairList& pairs, const float* rows, float* y, int64_t columns, int64_t begin, int64_t end) {
  for (int64_t t = begin; t < end; ++t)
    for (int64_t d = 0; d < columns; ++d) {
      double sum = 0;
      for (int32_t i = pairs.token_begin[t]; i < pairs.token_begin[t + 1]; ++i) {
        const int32_t r = pairs.token_pairs[i];
        sum += static_cast<double>(pairs.weight[r]) * rows[r * columns + d];
      }
      y[t * columns + d] = static_cast<float>(sum);
    }
}

void combine_backward(const PairList& pairs, const float* rows, const float* dy, float* drows, float* dweight,
                      int64_t columns, int64_t begin, int64_t end) {
  for (int64_t r = begin; r < end; ++r) {
    const float* dy_row = dy + pairs.token[r] * columns;
    double dot = 0;
    for (int64_t d = 0; d < columns; ++d) {
      dot += static_cast<double>(dy_row[d]) * rows[r * columns + d];
      drows[r * columns + d] = pairs.weight[r] * dy_row[d];
    }
    dweight[r] = static_cast<float>(dot);
  }
}

}  // namespace

const GatherKernels kGatherReference = {gather_backward, combine, combine_backward};

}  // namespace moescope
