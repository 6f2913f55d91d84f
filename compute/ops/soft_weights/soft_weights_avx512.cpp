// Soft MoE's weights compiled for AVX-512.
#include "compute/ops/soft_weights/soft_weights_vector.h"

namespace moescope {
const SoftWeightsKernels kSoftWeightsAvx512 = kVectorSoftWeights;
}
