// Sparse dispatch and combine compiled for AVX-512.
#include "compute/ops/gather/gather_vector.h"

namespace moescope {
const GatherKernels kGatherAvx512 = kVectorGather;
}
