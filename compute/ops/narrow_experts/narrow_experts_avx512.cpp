// Narrow experts compiled for AVX-512.
#include "compute/ops/narrow_experts/narrow_experts_vector.h"

namespace moescope {
const NarrowExpertKernels kNarrowExpertAvx512 = kVectorNarrowExpert;
}
