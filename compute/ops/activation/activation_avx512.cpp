// The activations compiled for AVX-512.
#include "compute/ops/activation/activation_vector.h"

namespace moescope {
const ActivationKernels kActivationAvx512 = kVectorActivation;
}
