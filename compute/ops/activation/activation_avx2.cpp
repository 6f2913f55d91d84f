// The activations compiled for AVX2.
#include "compute/ops/activation/activation_vector.h"

namespace moescope {
const ActivationKernels kActivationAvx2 = kVectorActivation;
}
