// All opcodes in one table, made once; and what most of them do.
#include "support/ptx/operations.h"

#include <algorithm>

namespace moescope::cuda::ptx {

namespace {

Operations all_operations() {
  Operations all;
  add_integers(all);
  add_bits(all);
  add_floats(all);
  add_comparisons(all);
  add_conversions(all);
  add_accesses(all);
  add_warp_functions(all);
  return all;
}

}  // namespace

const Operations& operations() {
  static const Operations& table = *new Operations(all_operations());
  return table;
}

void compute(Warp& warp, const Instruction& i, uint32_t lanes) {
  const Operation& o = *i.operation;
  const uint64_t* operands[kMostOperands];
  for (unsigned n = 1; n < o.num_operands; ++n) operands[n - 1] = warp.slot(i.slots[n]);
  uint64_t* const to = warp.slot(i.slots[0]);
  uint64_t results[kLanes];
  o.apply(results, operands);
  if (lanes == kEveryLane)
    std::copy_n(results, kLanes, to);
  else
    for_lanes(lanes, [&](unsigned lane) { to[lane] = results[lane]; });
}

}  // namespace moescope::cuda::ptx
