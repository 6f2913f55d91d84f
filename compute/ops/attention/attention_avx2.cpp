// Attention compiled for AVX2.
#include "compute/ops/attention/attention_vector.h"

namespace moescope {
const AttentionKernels kAttentionAvx2 = kVectorAttention;
}
