// Rows: a warp each. Columns: a block adds 32 neighbouring columns with eight threads each. The gains' gradient needs
// each row's factor again, which the row pass leaves in the workspace.
#include "compute/cuda/kernels/l2_normalize.h"

#include "compute/cuda/kernels/column_reduce.cuh"

namespace moescope::cuda {
namespace {

/// v̂ = forward * v;  dv = slope * dv̂ - backward * v * (v . dv̂): compute/ops/l2_normalize's NormFactors, with the
/// forward and the gradient's factor apart where the gradient is defined to be 0.
struct Factors {
  float forward, slope, backward;
};

__device__ Factors factors_of(Epsilon epsilon, float squares) {
  if (epsilon == Epsilon::inside) {
    const float r = 1 / sqrtf(squares + 1e-6f);
    return {r, r, r * r * r};
  }
  const float n = sqrtf(squares);
  if (epsilon == Epsilon::outside) {
    const float r = 1 / (n + 1e-6f);
    return n == 0 ? Factors{r, 0, 0} : Factors{r, r, r * r / n};
  }
  if (n == 0) return {1e12f, 0, 0};
  if (n < 1e-12f) return {1e12f, 1e12f, 0};
  const float r = 1 / n;
  return {r, r, r * r * r};
}

__device__ float gain_of(float gain, const float* device_gain) { return device_gain ? gain * *device_gain : gain; }

__global__ void normalize_rows(L2NormalizeArguments a) {
  const int64_t row = row_of_warp();
  if (row >= a.rows) return;
  const float* x = a.x + row * a.columns;
  float* y = a.y + row * a.columns;
  float squares = 0;
  for (int64_t i = threadIdx.x; i < a.columns; i += kWarp) squares += x[i] * x[i];
  const float factor = factors_of(a.epsilon, warp_sum(squares)).forward * gain_of(a.gain, a.device_gain);
  for (int64_t i = threadIdx.x; i < a.columns; i += kWarp) y[i] = x[i] * factor * (a.gains ? a.gains[i] : 1);
}

__global__ void normalize_rows_backward(L2NormalizeBackwardArguments a) {
  const int64_t row = row_of_warp();
  if (row >= a.rows) return;
  const int64_t at = row * a.columns;
  const float gain = gain_of(a.gain, a.device_gain);
  float squares = 0, dot = 0;
  for (int64_t i = threadIdx.x; i < a.columns; i += kWarp) {
    const float x = a.x[at + i];
    squares += x * x;
    dot += x * a.dy[at + i] * (a.gains ? a.gains[i] : 1);
  }
  const Factors f = factors_of(a.epsilon, warp_sum(squares));
  dot = warp_sum(dot) * gain;
  for (int64_t i = threadIdx.x; i < a.columns; i += kWarp) {
    const float h = a.dy[at + i] * gain * (a.gains ? a.gains[i] : 1);
    a.dx[at + i] += f.slope * h - f.backward * a.x[at + i] * dot;
  }
  if (a.dgains && threadIdx.x == 0) a.workspace[row] = f.forward * gain;
}

/// dgains[c] += sum over rows of dy * gain * v̂.
struct GainTerm {
  const float *x, *dy, *factor;
  int64_t columns;
  __device__ Values<1> operator()(int64_t, int64_t row, int64_t column) const {
    const int64_t at = row * columns + column;
    return {dy[at] * x[at] * factor[row]};
  }
};

constexpr unsigned kColumnLanes = 8;

/// The sum over the block's eight threads of a column; every one of them gets it.
__device__ float column_sum(float value) {
  MOESCOPE_SHARED(float, parts, [kColumnLanes][kWarp]);
  __syncthreads();  // the last sum has been read
  parts[threadIdx.y][threadIdx.x] = value;
  __syncthreads();
  float sum = 0;
  for (unsigned lane = 0; lane < kColumnLanes; ++lane) sum += parts[lane][threadIdx.x];
  return sum;
}

__global__ void normalize_columns(L2NormalizeArguments a) {
  const int64_t column = static_cast<int64_t>(blockIdx.x) * kWarp + threadIdx.x;
  const int64_t end = column < a.columns ? a.rows : 0;  // threads beyond the edge only take part in the sums
  float squares = 0;
  for (int64_t row = threadIdx.y; row < end; row += kColumnLanes) {
    const float x = a.x[row * a.columns + column];
    squares += x * x;
  }
  const float factor = factors_of(a.epsilon, column_sum(squares)).forward * gain_of(a.gain, a.device_gain);
  for (int64_t row = threadIdx.y; row < end; row += kColumnLanes)
    a.y[row * a.columns + column] = a.x[row * a.columns + column] * factor;
}

__global__ void normalize_columns_backward(L2NormalizeBackwardArguments a) {
  const int64_t column = static_cast<int64_t>(blockIdx.x) * kWarp + threadIdx.x;
  const int64_t end = column < a.columns ? a.rows : 0;
  float squares = 0, dot = 0;
  for (int64_t row = threadIdx.y; row < end; row += kColumnLanes) {
    const int64_t at = row * a.columns + column;
    squares += a.x[at] * a.x[at];
    dot += a.x[at] * a.dy[at];
  }
  const float gain = gain_of(a.gain, a.device_gain);
  const Factors f = factors_of(a.epsilon, column_sum(squares));
  dot = column_sum(dot) * gain;
  for (int64_t row = threadIdx.y; row < end; row += kColumnLanes) {
    const int64_t at = row * a.columns + column;
    a.dx[at] += f.slope * a.dy[at] * gain - f.backward * a.x[at] * dot;
  }
}

LaunchShape block_per_columns(int64_t columns, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  return {dim3(blocks_for(columns, kWarp)), dim3(kWarp, kColumnLanes), 0, file, line};
}

}  // namespace

int64_t l2_normalize_workspace_floats(int64_t rows, int64_t columns) {
  return rows + reduce_floats(1, 1, rows, columns);
}

cudaError_t launch_l2_normalize_rows(const L2NormalizeArguments& a, cudaStream_t stream) {
  if (a.rows == 0 || a.columns == 0) return cudaSuccess;
  return launch(normalize_rows, warp_per_row(a.rows), stream, a);
}

cudaError_t launch_l2_normalize_columns(const L2NormalizeArguments& a, cudaStream_t stream) {
  if (a.rows == 0 || a.columns == 0) return cudaSuccess;
  return launch(normalize_columns, block_per_columns(a.columns), stream, a);
}

cudaError_t launch_l2_normalize_rows_backward(const L2NormalizeBackwardArguments& a, cudaStream_t stream) {
  if (a.rows == 0 || a.columns == 0) return cudaSuccess;
  MOESCOPE_LAUNCH(launch(normalize_rows_backward, warp_per_row(a.rows), stream, a));
  if (!a.dgains) return cudaSuccess;
  return reduce_columns<1>(GainTerm{a.x, a.dy, a.workspace, a.columns}, 1, a.rows, a.columns, a.workspace + a.rows,
                           ReduceOutputs<1>{{a.dgains}, 1, true}, stream);
}

cudaError_t launch_l2_normalize_columns_backward(const L2NormalizeBackwardArguments& a, cudaStream_t stream) {
  if (a.rows == 0 || a.columns == 0) return cudaSuccess;
  return launch(normalize_columns_backward, block_per_columns(a.columns), stream, a);
}

}  // namespace moescope::cuda
