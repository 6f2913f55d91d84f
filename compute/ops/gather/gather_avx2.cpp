// Sparse dispatch and combine compiled for AVX2.
#include "compute/ops/gather/gather_vector.h"

namespace moescope {
const GatherKernels kGatherAvx2 = kVectorGather;
}
