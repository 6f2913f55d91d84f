// Products of rectified rows compiled for AVX2.
#include "compute/ops/rectified_matmul/rectified_matmul_vector.h"

namespace moescope {
const RectifiedMatmulKernels kRectifiedMatmulAvx2 = kVectorRectifiedMatmul;
}
