// One warp a query (or a key, in the second half of the backward pass) walks the other side in tiles of 32: a lane
// scores one of them, then all lanes add up, a lane its components. Scores never leave the registers. Four warps of one
// head share each tile. The softmax is taken on the way: sums are rescaled when a larger score appears.
#include "compute/cuda/kernels/attention.h"

#include <cmath>

#include "compute/cuda/kernels/device.cuh"

namespace moescope::cuda {
namespace {

constexpr unsigned kWarps = 4;
constexpr int kMostParts = kMostHeadWidth / kWarp;  // components of a lane

/// The rows of one head of one image.
struct Rows {
  float* data;
  int64_t stride;
  __device__ float* row(int64_t i) const { return data + i * stride; }
};
__device__ Rows head_of(const HeadRows& rows, int64_t per_image, int64_t width, int64_t image, int64_t head) {
  return {rows.data + image * per_image * rows.stride + head * width, rows.stride};
}

/// Tile of 32 rows by all threads of the block, each row padded by one float so that lanes read different banks.
/// Rows beyond the last are zeros. Opens and closes with a barrier.
__device__ void load_tile(float* tile, Rows rows, int64_t first, int64_t end, int64_t width) {
  __syncthreads();
  for (int64_t r = threadIdx.y; r < kWarp; r += kWarps)
    for (int64_t w = threadIdx.x; w < width; w += kWarp)
      tile[r * (width + 1) + w] = first + r < end ? rows.row(first + r)[w] : 0;
  __syncthreads();
}

/// The lane's row of the tile times `row`.
__device__ float tile_dot(const float* tile, const float* row, int64_t width) {
  const float* own = tile + threadIdx.x * (width + 1);
  float sum = 0;
  for (int64_t w = 0; w < width; ++w) sum += own[w] * row[w];
  return sum;
}

/// Components of a lane: sum[part] += factor * row[lane + 32 * part].
struct Components {
  float sum[kMostParts];
  __device__ void add(float factor, const float* row, int64_t width) {
    for (int part = 0; part < kMostParts; ++part)
      if (part * kWarp + threadIdx.x < width) sum[part] += factor * row[part * kWarp + threadIdx.x];
  }
  __device__ void scale(float factor) {
    for (int part = 0; part < kMostParts; ++part) sum[part] *= factor;
  }
  __device__ void store(float* row, float factor, int64_t width) const {
    for (int part = 0; part < kMostParts; ++part)
      if (part * kWarp + threadIdx.x < width) row[part * kWarp + threadIdx.x] = factor * sum[part];
  }
};

// grid (tiles of queries or keys, heads, images); block (32, kWarps)
__device__ int64_t item_of_warp() { return static_cast<int64_t>(blockIdx.x) * kWarps + threadIdx.y; }

__global__ void attend(AttentionArguments a) {
  MOESCOPE_DYNAMIC_SHARED(float, tile);
  const int64_t head = blockIdx.y, image = blockIdx.z, i = item_of_warp();
  const bool active = i < a.queries;  // idle warps still load tiles
  const Rows q = head_of(a.q, a.queries, a.width, image, head), k = head_of(a.k, a.keys, a.width, image, head),
             v = head_of(a.v, a.keys, a.width, image, head), out = head_of(a.out, a.queries, a.width, image, head);
  const float factor = 1 / sqrtf(static_cast<float>(a.width));
  const int64_t at = (image * a.heads + head) * a.queries + i;
  Components mixed{};
  float largest = -INFINITY, sum = 0;
  for (int64_t first = 0; first < a.keys; first += kWarp) {
    load_tile(tile, k, first, a.keys, a.width);
    if (!active) continue;
    const int64_t key = first + threadIdx.x;
    const float score = key < a.keys ? factor * tile_dot(tile, q.row(i), a.width) : -INFINITY;
    if (a.probabilities && key < a.keys) a.probabilities[at * a.keys + key] = score;
    const float now = fmaxf(largest, warp_max(score)), rescale = expf(largest - now), p = expf(score - now);
    sum = sum * rescale + warp_sum(p);
    largest = now;
    mixed.scale(rescale);
    for (int j = 0; j < static_cast<int>(smaller(kWarp, a.keys - first)); ++j)
      mixed.add(__shfl_sync(kAllLanes, p, j), v.row(first + j), a.width);
  }
  if (!active) return;
  mixed.store(out.row(i), 1 / sum, a.width);
  const float log_sum = largest + logf(sum);
  if (threadIdx.x == 0) a.log_sums[at] = log_sum;
  if (!a.probabilities) return;
  for (int64_t key = threadIdx.x; key < a.keys; key += kWarp)  // each lane its own scores again
    a.probabilities[at * a.keys + key] = expf(a.probabilities[at * a.keys + key] - log_sum);
}

/// workspace = dout . out of each query: what the softmax takes from every score's gradient.
__global__ void output_dots(AttentionBackwardArguments a) {
  const int64_t head = blockIdx.y, image = blockIdx.z, i = item_of_warp();
  if (i >= a.queries) return;
  const float* out = head_of(a.out, a.queries, a.width, image, head).row(i);
  const float* dout = head_of(a.dout, a.queries, a.width, image, head).row(i);
  float dot = 0;
  for (int64_t w = threadIdx.x; w < a.width; w += kWarp) dot += out[w] * dout[w];
  dot = warp_sum(dot);
  if (threadIdx.x == 0) a.workspace[(image * a.heads + head) * a.queries + i] = dot;
}

/// dq_i = sum over keys of ds k_j, ds = p * (dout . v_j - dot) / sqrt(width).
__global__ void query_gradients(AttentionBackwardArguments a) {
  MOESCOPE_DYNAMIC_SHARED(float, tile);
  const int64_t head = blockIdx.y, image = blockIdx.z, i = item_of_warp();
  const bool active = i < a.queries;
  const Rows q = head_of(a.q, a.queries, a.width, image, head), k = head_of(a.k, a.keys, a.width, image, head),
             v = head_of(a.v, a.keys, a.width, image, head), dq = head_of(a.dq, a.queries, a.width, image, head),
             dout = head_of(a.dout, a.queries, a.width, image, head);
  const float factor = 1 / sqrtf(static_cast<float>(a.width));
  const int64_t at = (image * a.heads + head) * a.queries + i;
  const float log_sum = active ? a.log_sums[at] : 0, dot = active ? a.workspace[at] : 0;
  Components sum{};
  for (int64_t first = 0; first < a.keys; first += kWarp) {
    load_tile(tile, v, first, a.keys, a.width);
    const float dp = active ? tile_dot(tile, dout.row(i), a.width) : 0;
    load_tile(tile, k, first, a.keys, a.width);
    if (!active) continue;
    const float p = expf(factor * tile_dot(tile, q.row(i), a.width) - log_sum), ds = factor * p * (dp - dot);
    for (int j = 0; j < static_cast<int>(smaller(kWarp, a.keys - first)); ++j)
      sum.add(__shfl_sync(kAllLanes, ds, j), tile + j * (a.width + 1), a.width);
  }
  if (active) sum.store(dq.row(i), 1, a.width);
}

/// dk_j = sum over queries of ds q_i;  dv_j = sum of p dout_i. A warp a key; tiles of queries.
__global__ void key_gradients(AttentionBackwardArguments a) {
  MOESCOPE_DYNAMIC_SHARED(float, tile);
  const int64_t head = blockIdx.y, image = blockIdx.z, j = item_of_warp();
  const bool active = j < a.keys;
  const Rows q = head_of(a.q, a.queries, a.width, image, head), k = head_of(a.k, a.keys, a.width, image, head),
             v = head_of(a.v, a.keys, a.width, image, head), dk = head_of(a.dk, a.keys, a.width, image, head),
             dv = head_of(a.dv, a.keys, a.width, image, head), dout = head_of(a.dout, a.queries, a.width, image, head);
  const float factor = 1 / sqrtf(static_cast<float>(a.width));
  const int64_t head_at = (image * a.heads + head) * a.queries;
  Components key_sum{}, value_sum{};
  for (int64_t first = 0; first < a.queries; first += kWarp) {
    const int64_t i = first + threadIdx.x;
    const int count = static_cast<int>(smaller(kWarp, a.queries - first));
    load_tile(tile, q, first, a.queries, a.width);
    const float score = active ? factor * tile_dot(tile, k.row(j), a.width) : 0;
    load_tile(tile, dout, first, a.queries, a.width);
    if (!active) continue;
    const float p = i < a.queries ? expf(score - a.log_sums[head_at + i]) : 0;
    const float dp = tile_dot(tile, v.row(j), a.width);
    const float ds = i < a.queries ? factor * p * (dp - a.workspace[head_at + i]) : 0;
    for (int one = 0; one < count; ++one) {
      value_sum.add(__shfl_sync(kAllLanes, p, one), tile + one * (a.width + 1), a.width);
      key_sum.add(__shfl_sync(kAllLanes, ds, one), q.row(first + one), a.width);
    }
  }
  if (!active) return;
  key_sum.store(dk.row(j), 1, a.width);
  value_sum.store(dv.row(j), 1, a.width);
}

LaunchShape warp_per_item(int64_t items, int64_t heads, int64_t images, int64_t width, bool has_tile,
                          const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  const size_t tile_bytes = has_tile ? kWarp * static_cast<size_t>(width + 1) * sizeof(float) : 0;
  return {dim3(blocks_for(items, kWarps), static_cast<unsigned>(heads), static_cast<unsigned>(images)),
          dim3(kWarp, kWarps), tile_bytes, file, line};
}

}  // namespace

cudaError_t launch_attention(const AttentionArguments& a, cudaStream_t stream) {
  if (a.images * a.queries * a.heads == 0) return cudaSuccess;
  if (a.width < 1 || a.width > kMostHeadWidth || a.keys < 1) return cudaErrorInvalidValue;
  return launch(attend, warp_per_item(a.queries, a.heads, a.images, a.width, true), stream, a);
}

cudaError_t launch_attention_backward(const AttentionBackwardArguments& a, cudaStream_t stream) {
  if (a.images * a.queries * a.heads == 0) return cudaSuccess;
  if (a.width < 1 || a.width > kMostHeadWidth || a.keys < 1) return cudaErrorInvalidValue;
  MOESCOPE_LAUNCH(launch(output_dots, warp_per_item(a.queries, a.heads, a.images, a.width, false), stream, a));
  MOESCOPE_LAUNCH(launch(query_gradients, warp_per_item(a.queries, a.heads, a.images, a.width, true), stream, a));
  return launch(key_gradients, warp_per_item(a.keys, a.heads, a.images, a.width, true), stream, a);
}

}  // namespace moescope::cuda
