// Which of the steps may run here, and what it needs.
#include "compute/studies/single_layer_lanes.h"

#include "compute/backends/implementations.h"

namespace moescope {

int64_t lane_scratch(const LaneModel& m) {
  const auto padded = [](int64_t columns) { return (columns + 15) / 16 * 16; };
  const int64_t rows = kLaneTokens * m.width + 5 * kLaneTokens * m.experts + m.experts * m.hidden + 8 * m.width +
                       m.hidden + 2 * m.classes + 2 + padded(m.experts) + padded(m.classes) + padded(m.hidden);
  return kLaneImages * rows + 2 * m.experts * m.width * padded(m.hidden);
}

LaneStepFn* lane_step() {
  if (may_run(InstructionSet::avx512)) return lane_step_avx512;
  return may_run(InstructionSet::avx2) ? lane_step_avx2 : nullptr;
}

}  // namespace moescope
