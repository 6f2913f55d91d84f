// The list that tests and read-outs walk.
#pragma once

#include "compute/backends/implementations.h"
#include "compute/ops/matmul/gemm.h"

namespace moescope {

using GemmFn = void(const Gemm& gemm, bool steady);
ImplementationList<GemmFn>& gemm_implementations();

}  // namespace moescope
