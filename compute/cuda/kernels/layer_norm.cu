// Rows, or heads of rows: one warp each. The gains' gradients are column sums of a term over the rows.
#include "compute/cuda/kernels/layer_norm.h"

#include "compute/cuda/kernels/column_reduce.cuh"

namespace moescope::cuda {
namespace {

struct Statistics {
  float mean, rstd;
};

/// Of n numbers, by the whole warp; the variance in a pass of its own, because E[x²] - E[x]² cancels.
__device__ Statistics statistics(const float* x, int64_t n, float epsilon) {
  float sum = 0, squares = 0;
  for (int64_t i = threadIdx.x; i < n; i += kWarp) sum += x[i];
  const float mean = warp_sum(sum) / static_cast<float>(n);
  for (int64_t i = threadIdx.x; i < n; i += kWarp) squares += (x[i] - mean) * (x[i] - mean);
  return {mean, 1 / sqrtf(warp_sum(squares) / static_cast<float>(n) + epsilon)};
}

/// With z = (x - mean) * rstd and h = dy * scale:  dx = rstd * (h - mean(h) - z * mean(h * z)).
struct RowMeans {
  float h, hz;
};
__device__ RowMeans row_means(const float* x, const float* scale, Statistics s, const float* dy, int64_t n) {
  float h = 0, hz = 0;
  for (int64_t i = threadIdx.x; i < n; i += kWarp) {
    const float one = dy[i] * scale[i];
    h += one;
    hz += one * (x[i] - s.mean) * s.rstd;
  }
  return {warp_sum(h) / static_cast<float>(n), warp_sum(hz) / static_cast<float>(n)};
}

__global__ void normalize(LayerNormArguments a) {
  const int64_t row = row_of_warp(), n = a.columns, at = row * n;
  if (row >= a.rows) return;
  const float* x = a.x + at;
  if (a.residual) {
    for (int64_t i = threadIdx.x; i < n; i += kWarp) a.sum[at + i] = x[i] + a.residual[at + i];
    x = a.sum + at;  // each lane reads only what it wrote
  }
  const Statistics s = statistics(x, n, a.epsilon);
  for (int64_t i = threadIdx.x; i < n; i += kWarp) {
    const float y = (x[i] - s.mean) * s.rstd * a.scale[i] + (a.bias ? a.bias[i] : 0);
    a.y[at + i] = y;
    if (a.y_bf16) a.y_bf16[at + i] = to_bf16_bits(y);
  }
  if (threadIdx.x != 0) return;
  if (a.mean) a.mean[row] = s.mean;
  if (a.rstd) a.rstd[row] = s.rstd;
}

__global__ void normalize_backward(LayerNormBackwardArguments a) {
  const int64_t row = row_of_warp(), n = a.columns, at = row * n;
  if (row >= a.rows) return;
  const Statistics s{a.mean[row], a.rstd[row]};
  const RowMeans m = row_means(a.x + at, a.scale, s, a.dy + at, n);
  for (int64_t i = threadIdx.x; i < n; i += kWarp) {
    const float z = (a.x[at + i] - s.mean) * s.rstd, h = a.dy[at + i] * a.scale[i];
    a.dx[at + i] += s.rstd * (h - m.h - z * m.hz);
  }
}

/// dscale and dbias of a row's element.
struct GainTerm {
  const float *x, *mean, *rstd, *dy;
  int64_t columns;
  __device__ Values<2> operator()(int64_t, int64_t row, int64_t column) const {
    const int64_t at = row * columns + column;
    return {dy[at] * (x[at] - mean[row]) * rstd[row], dy[at]};
  }
};

__global__ void normalize_heads(HeadNormArguments a) {
  const int64_t unit = row_of_warp();
  if (unit >= a.rows * a.heads) return;
  const int64_t row = unit / a.heads, head = unit % a.heads;
  const float* x = a.x + row * a.x_stride + head * a.width;
  float* y = a.y + row * a.y_stride + head * a.width;
  const Statistics s = statistics(x, a.width, a.epsilon);
  for (int64_t i = threadIdx.x; i < a.width; i += kWarp) y[i] = (x[i] - s.mean) * s.rstd * a.scale[i];
}

__device__ const float* head_x(const HeadNormBackwardArguments& a, int64_t unit) {
  return a.x + unit / a.heads * a.x_stride + unit % a.heads * a.width;
}
__device__ const float* head_dy(const HeadNormBackwardArguments& a, int64_t unit) {
  return a.dy + unit / a.heads * a.dy_stride + unit % a.heads * a.width;
}

/// workspace (2,rows*heads): means, then reciprocal deviations.
__global__ void head_statistics(HeadNormBackwardArguments a) {
  const int64_t unit = row_of_warp(), units = a.rows * a.heads;
  if (unit >= units) return;
  const Statistics s = statistics(head_x(a, unit), a.width, a.epsilon);
  if (threadIdx.x != 0) return;
  a.workspace[unit] = s.mean;
  a.workspace[units + unit] = s.rstd;
}

struct HeadGainTerm {
  HeadNormBackwardArguments a;
  __device__ Values<1> operator()(int64_t, int64_t unit, int64_t column) const {
    const float z = (head_x(a, unit)[column] - a.workspace[unit]) * a.workspace[a.rows * a.heads + unit];
    return {head_dy(a, unit)[column] * z};
  }
};

__global__ void normalize_heads_backward(HeadNormBackwardArguments a) {
  const int64_t unit = row_of_warp(), units = a.rows * a.heads;
  if (unit >= units) return;
  const float *x = head_x(a, unit), *dy = head_dy(a, unit);
  float* dx = a.dx + unit / a.heads * a.dx_stride + unit % a.heads * a.width;
  const Statistics s{a.workspace[unit], a.workspace[units + unit]};
  const RowMeans m = row_means(x, a.scale, s, dy, a.width);
  for (int64_t i = threadIdx.x; i < a.width; i += kWarp)
    dx[i] = s.rstd * (dy[i] * a.scale[i] - m.h - (x[i] - s.mean) * s.rstd * m.hz);
}

}  // namespace

cudaError_t launch_layer_norm(const LayerNormArguments& a, cudaStream_t stream) {
  if (a.rows == 0) return cudaSuccess;
  return launch(normalize, warp_per_row(a.rows), stream, a);
}

int64_t layer_norm_workspace_floats(int64_t rows, int64_t columns) {
  return 2 * rows + reduce_floats(2, 1, rows, columns);
}

cudaError_t launch_layer_norm_backward(const LayerNormBackwardArguments& a, cudaStream_t stream) {
  if (a.rows == 0) return cudaSuccess;
  MOESCOPE_LAUNCH(launch(normalize_backward, warp_per_row(a.rows), stream, a));
  return reduce_columns<2>(GainTerm{a.x, a.mean, a.rstd, a.dy, a.columns}, 1, a.rows, a.columns, a.workspace,
                           ReduceOutputs<2>{{a.dscale, a.dbias}, 1, true}, stream);
}

cudaError_t launch_head_norm(const HeadNormArguments& a, cudaStream_t stream) {
  if (a.rows * a.heads == 0) return cudaSuccess;
  return launch(normalize_heads, warp_per_row(a.rows * a.heads), stream, a);
}

cudaError_t launch_head_norm_backward(const HeadNormBackwardArguments& a, cudaStream_t stream) {
  const int64_t units = a.rows * a.heads;
  if (units == 0) return cudaSuccess;
  MOESCOPE_LAUNCH(launch(head_statistics, warp_per_row(units), stream, a));
  // Before dx is written, which may be dy.
  MOESCOPE_LAUNCH(reduce_columns<1>(HeadGainTerm{a}, 1, units, a.width, a.workspace + 2 * units,
                                    ReduceOutputs<1>{{a.dscale}, 1, true}, stream));
  return launch(normalize_heads_backward, warp_per_row(units), stream, a);
}

}  // namespace moescope::cuda
