// Attention compiled for AVX-512.
#include "compute/ops/attention/attention_vector.h"

namespace moescope {
const AttentionKernels kAttentionAvx512 = kVectorAttention;
}
