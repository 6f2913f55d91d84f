// What kernels share: launching, shared arrays, warp sums, bfloat16. Kernels keep to constructs that also compile with
// g++ (on_host/language.h): no <<<>>>, no cooperative groups, no inline assembly.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>
#include <type_traits>

#ifdef MOESCOPE_KERNELS_ON_HOST
/// MOESCOPE_SHARED(float, tile, [32][33]): a static shared array.
#define MOESCOPE_SHARED(type, name, extents) \
  using name##_array = type extents;         \
  static const char name##_site = 0;         \
  name##_array& name =                       \
      *static_cast<name##_array*>(moescope::cuda::on_host::shared_array(&name##_site, sizeof(name##_array), #name))
/// The shared memory whose size the launch gives.
#define MOESCOPE_DYNAMIC_SHARED(type, name) \
  type* const name = static_cast<type*>(moescope::cuda::on_host::dynamic_shared_array())
#else
#define MOESCOPE_SHARED(type, name, extents) __shared__ type name extents
#define MOESCOPE_DYNAMIC_SHARED(type, name)                     \
  extern __shared__ __align__(16) unsigned char name##_bytes[]; \
  type* const name = reinterpret_cast<type*>(name##_bytes)
#endif

namespace moescope::cuda {

inline constexpr unsigned kWarp = 32, kAllLanes = 0xFFFFFFFFu;

struct LaunchShape {
  LaunchShape(dim3 grid_, dim3 block_, size_t shared_bytes_ = 0, const char* file_ = __builtin_FILE(),
              int line_ = __builtin_LINE())
      : grid(grid_), block(block_), shared_bytes(shared_bytes_), file(file_), line(line_) {}
  dim3 grid, block;
  size_t shared_bytes;
  const char* file;
  int line;
};

template <class... Parameters>
cudaError_t launch(void (*kernel)(Parameters...), const LaunchShape& shape, cudaStream_t stream,
                   std::type_identity_t<Parameters>... arguments) {
#ifdef MOESCOPE_KERNELS_ON_HOST
  return on_host::launch({shape.grid, shape.block, shape.shared_bytes, stream, {shape.file, shape.line}}, kernel,
                         arguments...);
#else
  cudaLaunchConfig_t config{};
  config.gridDim = shape.grid;
  config.blockDim = shape.block;
  config.dynamicSmemBytes = shape.shared_bytes;
  config.stream = stream;
  return cudaLaunchKernelEx(&config, kernel, arguments...);
#endif
}

/// ceil(n / per), as an extent of a grid or a count.
inline unsigned blocks_for(int64_t n, int64_t per) { return static_cast<unsigned>((n + per - 1) / per); }

// Rows: one warp each, eight to a block. A warp leaves as a whole.
inline constexpr unsigned kRowsPerBlock = 8;
inline LaunchShape warp_per_row(int64_t rows, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  return {dim3(blocks_for(rows, kRowsPerBlock)), dim3(kWarp, kRowsPerBlock), 0, file, line};
}
__device__ inline int64_t row_of_warp() { return static_cast<int64_t>(blockIdx.x) * kRowsPerBlock + threadIdx.y; }

// Elements: one thread each.
inline constexpr unsigned kThreads = 256;
inline LaunchShape thread_per_element(int64_t n, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  return {dim3(blocks_for(n, kThreads)), dim3(kThreads), 0, file, line};
}
__device__ inline int64_t element_of_thread() { return static_cast<int64_t>(blockIdx.x) * kThreads + threadIdx.x; }

/// Leaves a launch function when one of its launches fails.
#define MOESCOPE_LAUNCH(call) \
  if (const cudaError_t launch_error = (call); launch_error != cudaSuccess) return launch_error

__host__ __device__ inline int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

template <class T>
__device__ inline T warp_sum(T value) {
  for (int lanes = 16; lanes > 0; lanes /= 2) value += __shfl_xor_sync(kAllLanes, value, lanes);
  return value;
}
template <class T>
__device__ inline T warp_max(T value) {
  for (int lanes = 16; lanes > 0; lanes /= 2) {
    const T other = __shfl_xor_sync(kAllLanes, value, lanes);
    value = other > value ? other : value;
  }
  return value;
}
template <class T>
__device__ inline T warp_min(T value) {
  for (int lanes = 16; lanes > 0; lanes /= 2) {
    const T other = __shfl_xor_sync(kAllLanes, value, lanes);
    value = other < value ? other : value;
  }
  return value;
}

/// Nearest bfloat16, ties to even; a NaN stays one.
__device__ inline uint16_t to_bf16_bits(float x) {
  const uint32_t bits = __float_as_uint(x);
  if (x != x) return static_cast<uint16_t>(bits >> 16 | 0x40u);
  return static_cast<uint16_t>((bits + 0x7FFFu + (bits >> 16 & 1u)) >> 16);
}

/// Keys whose ascending order is "larger score first, then lower index"; see compute/moe/order.h.
__device__ inline uint64_t descending_key(float score, int64_t index) {
  const uint32_t bits = __float_as_uint(score), ascending = (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u;
  return static_cast<uint64_t>(~ascending) << 32 | static_cast<uint32_t>(index);
}
__device__ inline int32_t index_of_key(uint64_t key) { return static_cast<int32_t>(key & 0xFFFFFFFFu); }

/// Where i, an element of a matrix with `columns` columns, stands. In 32 bits: a 64-bit division would cost more than
/// the memory access that it serves.
struct Position {
  unsigned row, column;
};
__device__ inline Position position_of(int64_t i, int64_t columns) {
  const auto at = static_cast<unsigned>(i), width = static_cast<unsigned>(columns);
  return {at / width, at % width};
}
__device__ inline unsigned quotient(unsigned a, int64_t b) { return a / static_cast<unsigned>(b); }
inline bool fits_positions(int64_t size) { return size <= 0xFFFFFFFFll; }

}  // namespace moescope::cuda
