// The optimisers compiled for AVX2.
#include "compute/ops/adamw/adamw_vector.h"

namespace moescope {
const AdamWKernels kAdamWAvx2 = kVectorAdamW;
}
