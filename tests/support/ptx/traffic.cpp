// Sectors and passes of one access at a time.
#include "support/ptx/traffic.h"

#include <algorithm>
#include <vector>

namespace moescope::cuda::ptx {
namespace {

/// The different units of `bytes` that the lanes' accesses touch, in order.
std::vector<uint64_t> units(uint64_t bytes, uint64_t access_bytes, const uint64_t* base, int64_t offset,
                            uint32_t lanes) {
  std::vector<uint64_t> touched;
  for_lanes(lanes, [&](unsigned lane) {
    const uint64_t first = base[lane] + static_cast<uint64_t>(offset);
    for (uint64_t unit = first / bytes; unit <= (first + access_bytes - 1) / bytes; ++unit) touched.push_back(unit);
  });
  std::sort(touched.begin(), touched.end());
  touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
  return touched;
}

/// Passes for lanes that shared memory serves together: as many as the words that one bank must give.
uint64_t passes_for(uint64_t access_bytes, const uint64_t* base, int64_t offset, uint32_t lanes) {
  uint64_t words_of_bank[32] = {}, most = 0;
  for (const uint64_t word : units(4, access_bytes, base, offset, lanes))
    most = std::max(most, ++words_of_bank[word % 32]);
  return most;
}

}  // namespace

void count_access(Traffic& to, const Operation& access, const uint64_t* base, int64_t offset, uint32_t lanes) {
  const uint64_t bytes = uint64_t{access.bytes} * access.num_values;
  if (access.space == Space::global) {
    const auto asked = units(1, bytes, base, offset, lanes).size();
    ++to.requests;
    to.sectors += units(32, bytes, base, offset, lanes).size();
    to.least_sectors += (asked + 31) / 32;
  }
  if (access.space != Space::shared) return;
  ++to.shared_requests;
  // lanes whose words are at most 128 bytes together: all of them, halves for 8 bytes each, quarters for 16
  const unsigned together = bytes <= 4 ? kLanes : static_cast<unsigned>(128 / bytes);
  for (unsigned first = 0; first < kLanes; first += together) {
    const uint32_t part = together == kLanes ? lanes : lanes & (((1u << together) - 1) << first);
    if (part == 0) continue;
    to.passes += passes_for(bytes, base, offset, part);
    ++to.least_passes;
  }
}

}  // namespace moescope::cuda::ptx
