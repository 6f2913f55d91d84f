// Soft MoE's weights compiled for AVX2.
#include "compute/ops/soft_weights/soft_weights_vector.h"

namespace moescope {
const SoftWeightsKernels kSoftWeightsAvx2 = kVectorSoftWeights;
}
