// Convolutions compiled for AVX2.
#include "compute/ops/convolution/convolution_vector.h"

namespace moescope {
const ConvolutionKernels kConvolutionAvx2 = kVectorConvolution;
}
