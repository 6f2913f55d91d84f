// l2 normalisation compiled for AVX-512.
#include "compute/ops/l2_normalize/l2_normalize_vector.h"

namespace moescope {
const L2NormalizeKernels kL2NormalizeAvx512 = kVectorL2Normalize;
}
