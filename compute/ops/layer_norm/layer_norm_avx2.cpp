// Layer normalisation compiled for AVX2.
#include "compute/ops/layer_norm/layer_norm_vector.h"

namespace moescope {
const LayerNormKernels kLayerNormAvx2 = kVectorLayerNorm;
}
