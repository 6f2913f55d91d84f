// Where sparse routing puts what: the device's counterpart of compute/moe's pair list, without a host round trip.
//
// The CPU packs the kept pairs; their number depends on the data, and a GPU would have to be asked for it. Here every
// expert keeps its full capacity: slot (e, g, c) is row (e*G + g)*C + c of (E*G*C, D), equal experts side by side for
// one strided-batched product. Empty slots have token -1, hold zeros and get zero gradients.
#pragma once

#include <cstdint>

namespace moescope::cuda {

/// What dispatch and combine walk. All in device memory.
struct SlotTable {
  int32_t* token;        // (E*G*C) token of each slot, in 0..T, or -1
  float* weight;         // (E*G*C) its gate; 0 for an empty slot
  int32_t* token_slots;  // (T,choices) the slots of each token, in the CPU's order, -1: none; choices: K, or E
  int64_t tokens;        // T
  int64_t experts, groups, capacity, choices;
  int64_t num_slots() const { return experts * groups * capacity; }
};

/// Which experts do not work: switched off (E) or per input (U,E), as Routing::is_off. Both may be null.
struct ExpertsOff {
  const uint8_t* expert;
  const uint8_t* unit;
  int64_t unit_tokens;
};

}  // namespace moescope::cuda
