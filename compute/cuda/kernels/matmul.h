// Matrix products, on a GPU: the plain kernel that is cuBLAS's twin and fallback. Twin of compute/ops/matmul.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

namespace moescope::cuda {

/// y[b] (M,N) = a[b] (M,K) times b[b] (K,N), or += with accumulate (y is not read otherwise), for each of `batch`.
/// Row-major; leading dimensions and strides between the batch's matrices in elements. transpose_a: a is stored (K,M).
/// bias (N) with bias_stride between batches, or null, is added.
struct MatmulArguments {
  const float *a, *b, *bias;
  float* y;
  int64_t batch, m, n, k;
  int64_t a_leading, b_leading, y_leading, a_stride, b_stride, y_stride, bias_stride;
  bool transpose_a, transpose_b, accumulate;
};
cudaError_t launch_matmul(const MatmulArguments& a, cudaStream_t stream);

}  // namespace moescope::cuda
