// The classification losses compiled for AVX-512.
#include "compute/ops/cross_entropy/cross_entropy_vector.h"

namespace moescope {
const CrossEntropyKernels kCrossEntropyAvx512 = kVectorCrossEntropy;
}
