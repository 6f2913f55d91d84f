// Sorts segments of 64-bit keys, on a GPU: tiles in shared memory, then merges, each element finding its place by
// binary search. Keys are unique, so the order is one and the same on every device. See compute/moe/order.h.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

namespace moescope::cuda {

/// Each of `segments` segments of `length` keys is sorted ascending; segment s stands at keys[s * length].
/// scratch is as large. The sorted keys end in `keys`.
struct SortArguments {
  uint64_t *keys, *scratch;
  int64_t segments, length;
};
cudaError_t launch_sort(const SortArguments& a, cudaStream_t stream);

}  // namespace moescope::cuda
