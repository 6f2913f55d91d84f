// Products of rectified rows compiled for AVX-512.
#include "compute/ops/rectified_matmul/rectified_matmul_vector.h"

namespace moescope {
const RectifiedMatmulKernels kRectifiedMatmulAvx512 = kVectorRectifiedMatmul;
}
