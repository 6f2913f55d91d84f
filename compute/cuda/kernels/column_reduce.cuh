// Sums over rows of something computed per element, in a fixed order: a block adds a stretch of rows, then the
// stretches are added one after the other. No atomics, so the result does not depend on who was first.
#pragma once

#include "compute/cuda/kernels/device.cuh"

namespace moescope::cuda {

inline constexpr int64_t kStretchRows = 256;  // rows that one block adds
inline constexpr unsigned kReduceLanes = 8;   // rows that a block reads at once

inline int64_t stretches_of(int64_t rows) { return blocks_for(rows, kStretchRows); }

template <int kValues>
struct Values {
  float value[kValues];
};

/// partials[block][stretch][value][column]. term(block, row, column) gives Values<kValues>.
template <int kValues, class Term>
__global__ void reduce_stretches(Term term, int64_t rows, int64_t columns, float* partials) {
  MOESCOPE_SHARED(float, parts, [kReduceLanes][kValues][kWarp + 1]);
  const int64_t column = static_cast<int64_t>(blockIdx.x) * kWarp + threadIdx.x, stretch = blockIdx.y;
  const int64_t end = smaller((stretch + 1) * kStretchRows, rows);
  Values<kValues> sum{};
  if (column < columns)
    for (int64_t row = stretch * kStretchRows + threadIdx.y; row < end; row += kReduceLanes) {
      const Values<kValues> one = term(static_cast<int64_t>(blockIdx.z), row, column);
      for (int v = 0; v < kValues; ++v) sum.value[v] += one.value[v];
    }
  for (int v = 0; v < kValues; ++v) parts[threadIdx.y][v][threadIdx.x] = sum.value[v];
  __syncthreads();
  if (threadIdx.y >= kValues || column >= columns) return;
  float total = 0;
  for (unsigned lane = 0; lane < kReduceLanes; ++lane) total += parts[lane][threadIdx.y][threadIdx.x];
  partials[((blockIdx.z * gridDim.y + stretch) * kValues + threadIdx.y) * columns + column] = total;
}

/// Where value v of block b goes: out[v] + b * columns, or nowhere.
template <int kValues>
struct ReduceOutputs {
  float* out[kValues];
  float factor;
  bool accumulate;
};

template <int kValues>
__global__ void add_stretches(const float* partials, int64_t stretches, int64_t columns, ReduceOutputs<kValues> to) {
  const int64_t column = element_of_thread();
  if (column >= columns) return;
  for (int v = 0; v < kValues; ++v) {
    if (!to.out[v]) continue;
    float sum = 0;
    for (int64_t s = 0; s < stretches; ++s)
      sum += partials[((blockIdx.y * stretches + s) * kValues + v) * columns + column];
    float* out = to.out[v] + blockIdx.y * columns + column;
    *out = to.accumulate ? *out + to.factor * sum : to.factor * sum;
  }
}

/// Partial sums that reduce_columns needs, in floats.
inline int64_t reduce_floats(int64_t values, int64_t blocks, int64_t rows, int64_t columns) {
  return values * blocks * stretches_of(rows) * columns;
}

/// The first half: partials (blocks,stretches,kValues,columns).
template <int kValues, class Term>
cudaError_t launch_stretches(const Term& term, int64_t blocks, int64_t rows, int64_t columns, float* partials,
                             cudaStream_t stream) {
  static_assert(kValues <= static_cast<int>(kReduceLanes));
  if (rows == 0) return cudaSuccess;
  const dim3 grid(blocks_for(columns, kWarp), static_cast<unsigned>(stretches_of(rows)), static_cast<unsigned>(blocks));
  return launch(reduce_stretches<kValues, Term>, {grid, dim3(kWarp, kReduceLanes)}, stream, term, rows, columns,
                partials);
}

/// to.out[v][b * columns + c] (+)= factor * sum over rows of term(b, row, c).value[v].
template <int kValues, class Term>
cudaError_t reduce_columns(const Term& term, int64_t blocks, int64_t rows, int64_t columns, float* partials,
                           const ReduceOutputs<kValues>& to, cudaStream_t stream) {
  MOESCOPE_LAUNCH(launch_stretches<kValues>(term, blocks, rows, columns, partials, stream));
  const dim3 grid(blocks_for(columns, kThreads), static_cast<unsigned>(blocks));
  return launch(add_stretches<kValues>, {grid, dim3(kThreads)}, stream, partials, stretches_of(rows), columns, to);
}

}  // namespace moescope::cuda
