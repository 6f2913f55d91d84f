// A block makes a tile of 64x64 products, a thread 4x4 of them, from tiles in shared memory: each number loaded serves
// sixteen multiplications.
#include "compute/cuda/kernels/matmul.h"

#include "compute/cuda/kernels/device.cuh"

namespace moescope::cuda {
namespace {

constexpr int kTile = 64, kDepth = 16, kEach = 4;
constexpr unsigned kSide = kTile / kEach;  // threads along a side

/// One operand's matrix as (outer, inner), inner being the summed axis, wherever that stands in memory.
struct Operand {
  const float* data;
  int64_t outer_stride, inner_stride, outers, inners;
  __device__ float at(int64_t outer, int64_t inner) const {
    return outer < outers && inner < inners ? data[outer * outer_stride + inner * inner_stride] : 0;
  }
};

__device__ void load_tile(float (*tile)[kTile + 1], const Operand& x, int64_t outer, int64_t inner, unsigned thread) {
  for (unsigned i = thread; i < kTile * kDepth; i += kSide * kSide) {
    // Neighbouring threads along whichever axis is contiguous.
    const bool along_inner = x.inner_stride == 1;
    const unsigned o = along_inner ? i / kDepth : i % kTile, d = along_inner ? i % kDepth : i / kTile;
    tile[d][o] = x.at(outer + o, inner + d);
  }
}

__global__ void multiply(MatmulArguments a) {
  MOESCOPE_SHARED(float, left, [kDepth][kTile + 1]);
  MOESCOPE_SHARED(float, right, [kDepth][kTile + 1]);
  const int64_t batch = blockIdx.z, row = static_cast<int64_t>(blockIdx.y) * kTile,
                column = static_cast<int64_t>(blockIdx.x) * kTile;
  const Operand x{a.a + batch * a.a_stride, a.transpose_a ? 1 : a.a_leading, a.transpose_a ? a.a_leading : 1, a.m, a.k};
  const Operand w{a.b + batch * a.b_stride, a.transpose_b ? a.b_leading : 1, a.transpose_b ? 1 : a.b_leading, a.n, a.k};
  const unsigned thread = threadIdx.y * kSide + threadIdx.x;
  float sum[kEach][kEach] = {};
  for (int64_t inner = 0; inner < a.k; inner += kDepth) {
    load_tile(left, x, row, inner, thread);
    load_tile(right, w, column, inner, thread);
    __syncthreads();
    for (int d = 0; d < kDepth; ++d) {
      float own_left[kEach], own_right[kEach];
      for (int i = 0; i < kEach; ++i) {
        own_left[i] = left[d][threadIdx.y + i * kSide];
        own_right[i] = right[d][threadIdx.x + i * kSide];
      }
      for (int i = 0; i < kEach; ++i)
        for (int j = 0; j < kEach; ++j) sum[i][j] += own_left[i] * own_right[j];
    }
    __syncthreads();
  }
  for (int i = 0; i < kEach; ++i)
    for (int j = 0; j < kEach; ++j) {
      const int64_t r = row + threadIdx.y + i * kSide, c = column + threadIdx.x + j * kSide;
      if (r >= a.m || c >= a.n) continue;
      float* y = a.y + batch * a.y_stride + r * a.y_leading + c;
      const float value = sum[i][j] + (a.bias ? a.bias[batch * a.bias_stride + c] : 0);
      *y = a.accumulate ? *y + value : value;
    }
}

}  // namespace

cudaError_t launch_matmul(const MatmulArguments& a, cudaStream_t stream) {
  if (a.batch * a.m * a.n == 0) return cudaSuccess;
  const dim3 grid(blocks_for(a.n, kTile), blocks_for(a.m, kTile), static_cast<unsigned>(a.batch));
  return launch(multiply, {grid, dim3(kSide, kSide)}, stream, a);
}

}  // namespace moescope::cuda
