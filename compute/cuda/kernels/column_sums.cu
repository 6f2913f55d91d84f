// Column sums: the plainest term.
#include "compute/cuda/kernels/column_sums.h"

#include "compute/cuda/kernels/column_reduce.cuh"

namespace moescope::cuda {
namespace {

struct Element {
  const float* x;
  int64_t rows, stride;
  __device__ Values<1> operator()(int64_t block, int64_t row, int64_t column) const {
    return {x[(block * rows + row) * stride + column]};
  }
};

}  // namespace

int64_t column_sums_workspace_floats(int64_t blocks, int64_t rows, int64_t columns) {
  return reduce_floats(1, blocks, rows, columns);
}

cudaError_t launch_column_sums(const ColumnSumsArguments& a, cudaStream_t stream) {
  if (a.blocks == 0 || a.columns == 0) return cudaSuccess;
  return reduce_columns<1>(Element{a.x, a.rows, a.stride}, a.blocks, a.rows, a.columns, a.workspace,
                           ReduceOutputs<1>{{a.sums}, a.factor, a.accumulate}, stream);
}

}  // namespace moescope::cuda
