// Small kernels with one fault each, for the test that keeps the checker honest. Without their fault they are right.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

namespace moescope::cuda {

enum class Defect : int {
  none,
  // normalise_blocks: y = x / sum of the block's x
  no_barrier_before_reading,
  no_barrier_before_rewriting,
  barrier_in_a_branch,
  return_before_a_barrier,
  two_barriers_meet,
  read_past_the_end,
  write_past_the_end,
  write_before_the_beginning,
  shared_index_past_the_end,
  shared_never_written,
  device_never_written,
  host_pointer,
  misaligned_pair,
  last_block_forgotten,
  wrong_stride,
  // sum_warps: y[warp] = sum of its x
  mask_lacks_the_caller,
  shuffle_from_outside_the_mask,
  lane_has_returned,
  different_warp_functions,
  no_warp_barrier,
  warp_waits_for_block,
  // count_values: counts[x]++
  plain_add_in_a_block,
  plain_add_between_blocks,
  place_by_arrival,
  // launches
  too_many_threads,
  too_much_shared_memory,
  no_dynamic_shared_memory,
  past_dynamic_shared_memory,
  kCount,
};

inline constexpr int64_t kDefectThreads = 64;

/// x, y (n), n a multiple of 64; spare (n): more device memory, host (n): memory that is not the device's.
struct DefectArguments {
  Defect defect;
  const float* x;
  float* y;
  const float* spare;
  const float* host;
  int64_t n;
};
cudaError_t launch_normalise_blocks(const DefectArguments& a);
/// y (n/32).
cudaError_t launch_sum_warps(const DefectArguments& a);
/// counts (4), zeros; x holds 0..3. place (n): the number of equal values before, in x's order.
cudaError_t launch_count_values(const DefectArguments& a, int* counts, float* place);
/// y[0] = x[0], by way of dynamic shared memory of 64 floats.
cudaError_t launch_through_dynamic(const DefectArguments& a);

}  // namespace moescope::cuda
