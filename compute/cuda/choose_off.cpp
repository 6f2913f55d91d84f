// Experts off by hand and by rank.
#include "compute/cuda/mixture.h"

namespace moescope::cuda {

ExpertsOff choose_off(const Run& run, const MixtureInput& input, const float* weights, int64_t experts, int64_t slots,
                      int64_t unit_tokens) {
  ExpertsOff off{input.off, nullptr, unit_tokens};
  if (run.plan.kept == 0 || run.plan.kept >= experts) return off;
  if (input.unit_off) {
    off.unit = input.unit_off;
    return off;
  }
  const int64_t flags = (input.tokens + unit_tokens - 1) / unit_tokens * experts;
  auto* unit = static_cast<uint8_t*>(run.bytes((flags + 3) / 4 * 4));  // is copied to the host by fours
  run.launch(launch_choose_kept, {.weights = weights,
                                  .expert_off = input.off,
                                  .unit_off = unit,
                                  .by = run.plan.kept_by_load ? KeptBy::load : KeptBy::combine,
                                  .tokens = input.tokens,
                                  .experts = experts,
                                  .slots = slots,
                                  .unit_tokens = unit_tokens,
                                  .kept = run.plan.kept});
  off.unit = unit;
  return off;
}

}  // namespace moescope::cuda
