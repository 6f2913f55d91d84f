// Softmax compiled for AVX2.
#include "compute/ops/softmax/softmax_vector.h"

namespace moescope {
const SoftmaxKernels kSoftmaxAvx2 = kVectorSoftmax;
}
