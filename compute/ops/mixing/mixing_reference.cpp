// The definition of dispatch, combine and their weights' gradient for one group: plain sums in double.
#include "compute/ops/mixing/mixing_kernels.h"

namespace moescope {
namespace {

int64_t slot_row(const MixingGroup& g, int64_t q) {
  return q / g.slots_per_expert * g.expert_rows + q % g.slots_per_expert;
}

int64_t num_slots(const MixingGroup& g) { return g.experts * g.slots_per_expert; }

void to_slots(const MixingGroup& g, const float* weights, const float* x, float* slots, int64_t begin, int64_t end,
              float*) {
  for (int64_t q = begin * g.slots_per_expert; q < end * g.slots_per_expert; ++q)
    for (int64_t d = 0; d < g.width; ++d) {
      double sum = 0;
      for (int64_t s = 0; s < g.tokens; ++s)
        sum += static_cast<double>(weights[s * num_slots(g) + q]) * x[s * g.width + d];
      slots[slot_row(g, q) * g.width + d] = static_cast<float>(sum);
    }
}

void to_tokens(const MixingGroup& g, const float* weights, const float* slots, float* y, bool accumulate, int64_t begin,
               int64_t end, float*) {
  for (int64_t s = begin; s < end; ++s)
    for (int64_t d = 0; d < g.width; ++d) {
      double sum = accumulate ? y[s * g.width + d] : 0;
      for (int64_t q = 0; q < num_slots(g); ++q)
        sum += static_cast<double>(weights[s * num_slots(g) + q]) * slots[slot_row(g, q) * g.width + d];
      y[s * g.width + d] = static_cast<float>(sum);
    }
}

void products(const MixingGroup& g, const float* x, const float* slots, float* dweights, int64_t begin, int64_t end,
              float*) {
  for (int64_t s = begin; s < end; ++s)
    for (int64_t q = 0; q < num_slots(g); ++q) {
      double sum = 0;
      for (int64_t d = 0; d < g.width; ++d)
        sum += static_cast<double>(x[s * g.width + d]) * slots[slot_row(g, q) * g.width + d];
      dweights[s * num_slots(g) + q] = static_cast<float>(sum);
    }
}

int64_t scratch_floats(const MixingGroup&) { return 0; }

}  // namespace

const MixingKernels kMixingReference = {scratch_floats, to_slots, to_tokens, products};

}  // namespace moescope
