// Dispatch and combine compiled for AVX-512.
#include "compute/ops/mixing/mixing_vector.h"

namespace moescope {
const MixingKernels kMixingAvx512 = kVectorMixing;
}
