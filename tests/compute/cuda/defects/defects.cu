// The faults are chosen at run time, so that one build holds them all.
#include "defects.h"

#include "compute/cuda/kernels/device.cuh"

namespace moescope::cuda {
namespace {

constexpr int kSize = static_cast<int>(kDefectThreads);

__global__ void normalise_blocks(DefectArguments a) {
  MOESCOPE_SHARED(float, parts, [kSize]);
  MOESCOPE_SHARED(float, neighbour, [kSize]);  // what an overrun of parts would hit
  const Defect d = a.defect;
  const int t = static_cast<int>(threadIdx.x);
  int64_t i = static_cast<int64_t>(blockIdx.x) * kSize + t;
  if (d == Defect::wrong_stride) i = static_cast<int64_t>(blockIdx.x) * (kSize - 1) + t;
  neighbour[t] = 0;
  if (d == Defect::return_before_a_barrier && t == 5) return;
  const int64_t from = d == Defect::read_past_the_end ? i + 1 : i;
  const float x = d == Defect::host_pointer ? a.host[i] : d == Defect::device_never_written ? a.spare[i] : a.x[from];
  if (d != Defect::shared_never_written || t != 7) parts[t] = x;
  if (d == Defect::misaligned_pair)
    parts[t] =
        static_cast<float>(reinterpret_cast<const uint64_t*>(a.x)[0] & *reinterpret_cast<const uint64_t*>(a.x + 1));
  if (d == Defect::shared_index_past_the_end) parts[t + 1] = x;
  if (d == Defect::barrier_in_a_branch && t < 32) __syncthreads();
  if (d == Defect::two_barriers_meet && t < 32)
    __syncthreads();
  else if (d != Defect::no_barrier_before_reading)
    __syncthreads();
  float sum = 0;
  for (int other = 0; other < kSize; ++other) sum += parts[other];
  if (d != Defect::no_barrier_before_rewriting) __syncthreads();
  parts[t] = x / sum;
  __syncthreads();
  int64_t to = i;
  if (d == Defect::write_past_the_end) to = i + 1;
  if (d == Defect::write_before_the_beginning) to = i - 1;
  a.y[to] = parts[t] + neighbour[t];
}

__global__ void sum_warps(DefectArguments a) {
  MOESCOPE_SHARED(float, parts, [kSize]);
  const Defect d = a.defect;
  const unsigned lane = threadIdx.x % kWarp;
  const int64_t i = static_cast<int64_t>(blockIdx.x) * kSize + threadIdx.x;
  float sum = a.x[i];
  if (d == Defect::lane_has_returned && lane == 31) return;
  if (d == Defect::warp_waits_for_block && lane == 3) __syncthreads();
  if (d == Defect::different_warp_functions && lane == 2) __syncwarp();
  const unsigned mask = d == Defect::mask_lacks_the_caller ? 0x7FFFFFFFu : kAllLanes;
  if (d == Defect::shuffle_from_outside_the_mask && lane < 16) sum += __shfl_sync(0xFFFFu, sum, 20);
  for (int lanes = 16; lanes > 1; lanes /= 2) sum += __shfl_xor_sync(mask, sum, lanes);
  parts[threadIdx.x] = sum;  // the last exchange by way of shared memory
  if (d != Defect::no_warp_barrier) __syncwarp();
  sum += parts[threadIdx.x ^ 1u];
  if (lane == 0) a.y[i / kWarp] = sum;
}

__global__ void count_values(DefectArguments a, int* counts, float* place) {
  const Defect d = a.defect;
  const int64_t i = static_cast<int64_t>(blockIdx.x) * kSize + threadIdx.x;
  const int value = static_cast<int>(a.x[i]);
  const bool plain = (d == Defect::plain_add_in_a_block && blockIdx.x == 0) ||
                     (d == Defect::plain_add_between_blocks && threadIdx.x == 0);
  if (plain) {
    counts[value] += 1;
    return;
  }
  if (d == Defect::plain_add_between_blocks || (d == Defect::plain_add_in_a_block && blockIdx.x != 0)) return;
  const int arrived = atomicAdd(&counts[value], 1);
  float before = 0;
  for (int64_t other = 0; other < i; ++other) before += a.x[other] == a.x[i] ? 1 : 0;
  place[i] = d == Defect::place_by_arrival ? static_cast<float>(arrived) : before;
}

__global__ void too_much_shared(DefectArguments a) {
  MOESCOPE_SHARED(float, large, [13 * 1024]);  // 52 KiB
  large[threadIdx.x] = a.x[0];
  a.y[0] = large[0];
}

__global__ void through_dynamic(DefectArguments a) {
  MOESCOPE_DYNAMIC_SHARED(float, parts);
  if (threadIdx.x == 0) parts[a.defect == Defect::past_dynamic_shared_memory ? kSize : 0] = a.x[0];
  __syncthreads();
  if (threadIdx.x == 1) a.y[0] = parts[0];
}

dim3 blocks_of(const DefectArguments& a) { return dim3(static_cast<unsigned>(a.n / kSize)); }

}  // namespace

cudaError_t launch_normalise_blocks(const DefectArguments& a) {
  dim3 blocks = blocks_of(a);
  if (a.defect == Defect::last_block_forgotten) --blocks.x;
  const unsigned threads = a.defect == Defect::too_many_threads ? 1056 : static_cast<unsigned>(kSize);
  return launch(normalise_blocks, {blocks, dim3(threads)}, nullptr, a);
}

cudaError_t launch_sum_warps(const DefectArguments& a) {
  return launch(sum_warps, {blocks_of(a), dim3(kSize)}, nullptr, a);
}

cudaError_t launch_count_values(const DefectArguments& a, int* counts, float* place) {
  return launch(count_values, {blocks_of(a), dim3(kSize)}, nullptr, a, counts, place);
}

cudaError_t launch_through_dynamic(const DefectArguments& a) {
  if (a.defect == Defect::too_much_shared_memory) return launch(too_much_shared, {dim3(1), dim3(kSize)}, nullptr, a);
  const size_t bytes = a.defect == Defect::no_dynamic_shared_memory ? 0 : kSize * sizeof(float);
  return launch(through_dynamic, {dim3(1), dim3(kSize), bytes}, nullptr, a);
}

}  // namespace moescope::cuda
