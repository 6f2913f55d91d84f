// Sums over rows, in a fixed order: bias gradients and their relatives, on a GPU. Twin of compute/ops/reduce.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

namespace moescope::cuda {

/// sums[b,:] = (accumulate ? sums[b,:] : 0) + factor * sum over i < rows of x[(b*rows + i)*stride + :].
/// x: blocks*rows rows, `stride` floats apart; sums (blocks,columns).
///   bias gradient               blocks 1
///   of equal experts            blocks E
///   position embeddings         blocks 1, rows N images, columns L*D
///   mean over an image's tokens blocks N, rows L, factor 1/L, not accumulated
/// workspace: column_sums_workspace_floats(); null allowed when that is 0.
struct ColumnSumsArguments {
  const float* x;
  float* sums;
  int64_t blocks, rows, columns, stride;
  float factor;
  bool accumulate;
  float* workspace;
};
int64_t column_sums_workspace_floats(int64_t blocks, int64_t rows, int64_t columns);
cudaError_t launch_column_sums(const ColumnSumsArguments& a, cudaStream_t stream);

}  // namespace moescope::cuda
