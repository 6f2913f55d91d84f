// The small sums compiled for AVX2.
#include "compute/ops/reduce/reduce_vector.h"

namespace moescope {
const ReduceKernels kReduceAvx2 = kVectorReduce;
}
