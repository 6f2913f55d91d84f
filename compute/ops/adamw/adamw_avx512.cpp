// The optimisers compiled for AVX-512.
#include "compute/ops/adamw/adamw_vector.h"

namespace moescope {
const AdamWKernels kAdamWAvx512 = kVectorAdamW;
}
