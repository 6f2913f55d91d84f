// Layer normalisation compiled for AVX-512.
#include "compute/ops/layer_norm/layer_norm_vector.h"

namespace moescope {
const LayerNormKernels kLayerNormAvx512 = kVectorLayerNorm;
}
