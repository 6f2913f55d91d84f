// Convolutions compiled for AVX-512.
#include "compute/ops/convolution/convolution_vector.h"

namespace moescope {
const ConvolutionKernels kConvolutionAvx512 = kVectorConvolution;
}
