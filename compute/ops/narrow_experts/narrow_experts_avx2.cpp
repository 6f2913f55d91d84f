// Narrow experts compiled for AVX2.
#include "compute/ops/narrow_experts/narrow_experts_vector.h"

namespace moescope {
const NarrowExpertKernels kNarrowExpertAvx2 = kVectorNarrowExpert;
}
