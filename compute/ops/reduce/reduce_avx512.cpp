// The small sums compiled for AVX-512.
#include "compute/ops/reduce/reduce_vector.h"

namespace moescope {
const ReduceKernels kReduceAvx512 = kVectorReduce;
}
