// Helpers that only move or add; a transpose goes through a tile, so that both sides read and write whole lines.
#include "compute/cuda/kernels/elementwise.h"

#include "compute/cuda/kernels/device.cuh"

namespace moescope::cuda {
namespace {

__global__ void add_elements(AddArguments a) {
  const int64_t i = element_of_thread();
  if (i >= a.size) return;
  const float x = a.scale_x * a.x[i];
  a.y[i] = a.scale_y == 0 ? x : x + a.scale_y * a.y[i];
}

template <class T>
__global__ void fill_elements(T* x, int64_t size, T value) {
  const int64_t i = element_of_thread();
  if (i < size) x[i] = value;
}

__global__ void add_rows(AddRowsArguments a) {
  const int64_t i = element_of_thread();
  if (i >= a.rows * a.columns) return;
  const Position p = position_of(i, a.columns);
  a.x[i] += a.table[quotient(p.row, a.repeat) % static_cast<unsigned>(a.table_rows) * a.columns + p.column];
}

__global__ void spread_rows(SpreadRowsArguments a) {
  const int64_t i = element_of_thread();
  if (i >= a.images * a.rows * a.columns) return;
  const Position p = position_of(i, a.columns);
  a.dx[i] = a.factor * a.dmean[quotient(p.row, a.rows) * a.columns + p.column];
}

constexpr unsigned kTile = 32, kTileRows = 8;

__global__ void transpose_tiles(TransposeArguments a) {
  MOESCOPE_SHARED(float, tile, [kTile][kTile + 1]);  // a column more: else a column would lie in one bank
  const int64_t matrix = blockIdx.z * a.rows * a.columns;
  const int64_t column = static_cast<int64_t>(blockIdx.x) * kTile, row = static_cast<int64_t>(blockIdx.y) * kTile;
  for (unsigned r = threadIdx.y; r < kTile; r += kTileRows)
    if (row + r < a.rows && column + threadIdx.x < a.columns)
      tile[r][threadIdx.x] = a.x[matrix + (row + r) * a.columns + column + threadIdx.x];
  __syncthreads();
  for (unsigned c = threadIdx.y; c < kTile; c += kTileRows)
    if (column + c < a.columns && row + threadIdx.x < a.rows)
      a.y[matrix + (column + c) * a.rows + row + threadIdx.x] = tile[threadIdx.x][c];
}

__global__ void round_elements(ToBf16Arguments a) {
  const int64_t i = element_of_thread();
  if (i >= a.size) return;
  const uint16_t bits = to_bf16_bits(a.x[i]);
  if (a.y_bf16) a.y_bf16[i] = bits;
  if (a.y) a.y[i] = __uint_as_float(static_cast<uint32_t>(bits) << 16);
}

__global__ void widen_elements(FromBf16Arguments a) {
  const int64_t i = element_of_thread();
  if (i < a.size) a.y[i] = __uint_as_float(static_cast<uint32_t>(a.x[i]) << 16);
}

constexpr int64_t kDotStretch = 16384;  // numbers that one block adds

/// The block's sum, in a fixed order: halves are added to halves.
__device__ double block_sum(double value) {
  MOESCOPE_SHARED(double, parts, [kThreads]);
  parts[threadIdx.x] = value;
  __syncthreads();
  for (unsigned half = kThreads / 2; half > 0; half /= 2) {
    if (threadIdx.x < half) parts[threadIdx.x] += parts[threadIdx.x + half];
    __syncthreads();
  }
  return parts[0];
}

__global__ void dot_stretches(DotArguments a) {
  const int64_t begin = blockIdx.x * kDotStretch, end = smaller(begin + kDotStretch, a.size);
  double sum = 0;
  for (int64_t i = begin + threadIdx.x; i < end; i += kThreads) sum += static_cast<double>(a.x[i]) * a.y[i];
  sum = block_sum(sum);
  if (threadIdx.x == 0) a.workspace[blockIdx.x] = sum;
}

__global__ void add_dots(DotArguments a, int64_t stretches) {
  double sum = 0;
  for (int64_t i = threadIdx.x; i < stretches; i += kThreads) sum += a.workspace[i];
  sum = block_sum(sum);
  if (threadIdx.x != 0) return;
  if (a.result) *a.result = sum;
  if (a.accumulate_f32) *a.accumulate_f32 += static_cast<float>(sum);
}

}  // namespace

cudaError_t launch_add(const AddArguments& a, cudaStream_t stream) {
  return a.size == 0 ? cudaSuccess : launch(add_elements, thread_per_element(a.size), stream, a);
}

cudaError_t launch_fill(const FillArguments& a, cudaStream_t stream) {
  return a.size == 0 ? cudaSuccess
                     : launch(fill_elements<float>, thread_per_element(a.size), stream, a.x, a.size, a.value);
}

cudaError_t launch_fill_int(const FillIntArguments& a, cudaStream_t stream) {
  return a.size == 0 ? cudaSuccess
                     : launch(fill_elements<int32_t>, thread_per_element(a.size), stream, a.x, a.size, a.value);
}

cudaError_t launch_add_rows(const AddRowsArguments& a, cudaStream_t stream) {
  const int64_t size = a.rows * a.columns;
  if (size == 0) return cudaSuccess;
  if (!fits_positions(size)) return cudaErrorInvalidValue;
  return launch(add_rows, thread_per_element(size), stream, a);
}

cudaError_t launch_spread_rows(const SpreadRowsArguments& a, cudaStream_t stream) {
  const int64_t size = a.images * a.rows * a.columns;
  if (size == 0) return cudaSuccess;
  if (!fits_positions(size)) return cudaErrorInvalidValue;
  return launch(spread_rows, thread_per_element(size), stream, a);
}

cudaError_t launch_transpose(const TransposeArguments& a, cudaStream_t stream) {
  if (a.batch * a.rows * a.columns == 0) return cudaSuccess;
  const dim3 grid(blocks_for(a.columns, kTile), blocks_for(a.rows, kTile), static_cast<unsigned>(a.batch));
  return launch(transpose_tiles, {grid, dim3(kTile, kTileRows)}, stream, a);
}

cudaError_t launch_to_bf16(const ToBf16Arguments& a, cudaStream_t stream) {
  return a.size == 0 ? cudaSuccess : launch(round_elements, thread_per_element(a.size), stream, a);
}

cudaError_t launch_from_bf16(const FromBf16Arguments& a, cudaStream_t stream) {
  return a.size == 0 ? cudaSuccess : launch(widen_elements, thread_per_element(a.size), stream, a);
}

int64_t dot_workspace_doubles(int64_t size) { return blocks_for(size, kDotStretch); }

cudaError_t launch_dot(const DotArguments& a, cudaStream_t stream) {
  const int64_t stretches = dot_workspace_doubles(a.size);
  if (stretches > 0)
    MOESCOPE_LAUNCH(launch(dot_stretches, {dim3(static_cast<unsigned>(stretches)), dim3(kThreads)}, stream, a));
  return launch(add_dots, {dim3(1), dim3(kThreads)}, stream, a, stretches);
}

}  // namespace moescope::cuda
