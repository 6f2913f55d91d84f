// What a kernel's accesses ask of a device's memory: counts that do not depend on which device, and say where accesses
// of a warp do not go together.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "support/ptx/instruction.h"

namespace moescope::cuda::ptx {

struct Traffic {
  // Device memory. A request is one instruction of a warp; it moves whole sectors of 32 bytes. `least`: if what the
  // lanes ask for stood side by side.
  uint64_t requests = 0, sectors = 0, least_sectors = 0;
  // Shared memory: 32 banks of 4 bytes give one word each in a pass; lanes that ask for the same word share it.
  uint64_t shared_requests = 0, passes = 0, least_passes = 0;
};

/// By file and kernel: {"softmax.ptx", "softmax_rows"}.
using TrafficTable = std::map<std::pair<std::string, std::string>, Traffic>;

/// Adds an access of these lanes at base + offset.
void count_access(Traffic& to, const Operation& access, const uint64_t* base, int64_t offset, uint32_t lanes);

/// Counts all launches from now on into the table; null: no longer.
void count_traffic(TrafficTable* table);

}  // namespace moescope::cuda::ptx
