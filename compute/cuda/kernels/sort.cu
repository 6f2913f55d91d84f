// Tiles of 1024 keys by a bitonic network in shared memory, then merges of neighbouring runs, twice as long each time.
#include "compute/cuda/kernels/sort.h"

#include "compute/cuda/kernels/device.cuh"

namespace moescope::cuda {
namespace {

constexpr int64_t kTileKeys = 1024;
constexpr unsigned kTileThreads = kTileKeys / 2;

/// grid (tiles of a segment, segments)
__global__ void sort_tiles(uint64_t* keys, int64_t length) {
  MOESCOPE_SHARED(uint64_t, tile, [kTileKeys]);
  uint64_t* segment = keys + blockIdx.y * length;
  const int64_t begin = blockIdx.x * kTileKeys;
  for (unsigned i = threadIdx.x; i < kTileKeys; i += kTileThreads)
    tile[i] = begin + i < length ? segment[begin + i] : ~0ull;
  for (unsigned run = 2; run <= kTileKeys; run *= 2)
    for (unsigned distance = run / 2; distance > 0; distance /= 2) {
      __syncthreads();
      const unsigned i = 2 * threadIdx.x - (threadIdx.x & (distance - 1)), j = i + distance;
      const bool ascending = (i & run) == 0;
      const uint64_t a = tile[i], b = tile[j];
      if ((a > b) == ascending) tile[i] = b, tile[j] = a;
    }
  __syncthreads();
  for (unsigned i = threadIdx.x; i < kTileKeys; i += kTileThreads)
    if (begin + i < length) segment[begin + i] = tile[i];
}

/// How many of run's n ascending keys are below key.
__device__ int64_t keys_below(const uint64_t* run, int64_t n, uint64_t key) {
  int64_t begin = 0, end = n;
  while (begin < end) {
    const int64_t middle = (begin + end) / 2;
    if (run[middle] < key)
      begin = middle + 1;
    else
      end = middle;
  }
  return begin;
}

/// Runs of `run` keys become runs of 2 * run. Each key's place: its own in its run and its rank in the neighbour's.
__global__ void merge_runs(const uint64_t* from, uint64_t* to, int64_t length, int64_t run) {
  const int64_t i = element_of_thread();
  if (i >= length) return;
  const uint64_t* segment = from + blockIdx.y * length;
  const int64_t left = i / (2 * run) * (2 * run), middle = smaller(left + run, length),
                right_end = smaller(left + 2 * run, length);
  const uint64_t key = segment[i];
  const bool in_left = i < middle;
  const int64_t below =
      in_left ? keys_below(segment + middle, right_end - middle, key) : keys_below(segment + left, middle - left, key);
  to[blockIdx.y * length + (in_left ? i : i - middle + left) + below] = key;
}

__global__ void copy_keys(const uint64_t* from, uint64_t* to, int64_t n) {
  const int64_t i = element_of_thread();
  if (i < n) to[i] = from[i];
}

}  // namespace

cudaError_t launch_sort(const SortArguments& a, cudaStream_t stream) {
  if (a.segments == 0 || a.length == 0) return cudaSuccess;
  const auto segments = static_cast<unsigned>(a.segments);
  MOESCOPE_LAUNCH(launch(sort_tiles, {dim3(blocks_for(a.length, kTileKeys), segments), dim3(kTileThreads)}, stream,
                         a.keys, a.length));
  uint64_t *from = a.keys, *to = a.scratch;
  for (int64_t run = kTileKeys; run < a.length; run *= 2) {
    MOESCOPE_LAUNCH(launch(merge_runs, {dim3(blocks_for(a.length, kThreads), segments), dim3(kThreads)}, stream, from,
                           to, a.length, run));
    uint64_t* swapped = from;
    from = to;
    to = swapped;
  }
  if (from == a.keys) return cudaSuccess;
  return launch(copy_keys, thread_per_element(a.segments * a.length), stream, from, a.keys, a.segments * a.length);
}

}  // namespace moescope::cuda
