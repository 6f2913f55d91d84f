// The three dense products behind dispatch and combine, for a range of rows of one group; one table per instruction
// set.
#pragma once

#include <cstdint>

namespace moescope {

/// One group. Its token rows stand together; slot q = e*P + j stands at slots + slot_row(q) * width, see mixing.h.
struct MixingGroup {
  int64_t tokens, experts, slots_per_expert, width;  // S, E, P, D
  int64_t expert_rows;                               // G*P: rows of one expert in `slots`
};

struct MixingKernels {
  /// Floats of scratch that each of the functions below needs.
  int64_t (*scratch_floats)(const MixingGroup& g);
  /// slots[q,:] = sum_s weights[s,q] * x[s,:] for experts [begin, end). weights (S,Q), x (S,D).
  void (*to_slots)(const MixingGroup& g, const float* weights, const float* x, float* slots, int64_t begin, int64_t end,
                   float* scratch);
  /// y[s,:] (+)= sum_q weights[s,q] * slots[q,:] for tokens [begin, end).
  void (*to_tokens)(const MixingGroup& g, const float* weights, const float* slots, float* y, bool accumulate,
                    int64_t begin, int64_t end, float* scratch);
  /// dweights[s,q] = x[s,:] . slots[q,:] for tokens [begin, end).
  void (*products)(const MixingGroup& g, const float* x, const float* slots, float* dweights, int64_t begin,
                   int64_t end, float* scratch);
};

extern const MixingKernels kMixingReference, kMixingAvx2, kMixingAvx512;

}  // namespace moescope
