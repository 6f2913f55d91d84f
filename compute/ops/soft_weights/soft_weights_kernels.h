// The two softmaxes of one group's logits, one table per instruction set.
#pragma once

#include <cstdint>

namespace moescope {

struct SoftWeightsKernels {
  /// All (tokens,slots); combine may be logits. scratch: `slots` floats, also below.
  void (*forward)(const float* logits, float* dispatch, float* combine, int64_t tokens, int64_t slots, float* scratch);
  /// dlogits may be dcombine.
  void (*backward)(const float* dispatch, const float* combine, const float* ddispatch, const float* dcombine,
                   float* dlogits, int64_t tokens, int64_t slots, float* scratch);
};

extern const SoftWeightsKernels kSoftWeightsReference, kSoftWeightsAvx2, kSoftWeightsAvx512;

}  // namespace moescope
