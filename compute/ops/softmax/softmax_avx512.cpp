// Softmax compiled for AVX-512.
#include "compute/ops/softmax/softmax_vector.h"

namespace moescope {
const SoftmaxKernels kSoftmaxAvx512 = kVectorSoftmax;
}
