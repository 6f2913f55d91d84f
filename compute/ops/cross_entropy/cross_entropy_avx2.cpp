// The classification losses compiled for AVX2.
#include "compute/ops/cross_entropy/cross_entropy_vector.h"

namespace moescope {
const CrossEntropyKernels kCrossEntropyAvx2 = kVectorCrossEntropy;
}
