// Which of the steps may run here.
#include "compute/studies/norm_lanes.h"

#include "compute/backends/implementations.h"

namespace moescope {

NormStepFn* norm_step() {
  if (may_run(InstructionSet::avx512)) return norm_step_avx512;
  return may_run(InstructionSet::avx2) ? norm_step_avx2 : nullptr;
}

}  // namespace moescope
