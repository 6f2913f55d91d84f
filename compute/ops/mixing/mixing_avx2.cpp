// Dispatch and combine compiled for AVX2.
#include "compute/ops/mixing/mixing_vector.h"

namespace moescope {
const MixingKernels kMixingAvx2 = kVectorMixing;
}
