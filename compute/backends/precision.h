// The precision of matrix products in this process: float32, or operands rounded to bfloat16 with float32 sums.
#pragma once

#include "compute/records/run_config.h"

namespace moescope {

Precision matmul_precision();
/// Set it before work begins, not during.
void set_matmul_precision(Precision precision);
/// What a CPU computes of it: tf32 as float32, which is finer.
inline Precision cpu_precision(Precision precision) {
  return precision == Precision::tf32 ? Precision::float32 : precision;
}
/// Throws ConfigError where this CPU has no units for it.
void check_cpu_precision(Precision precision);

}  // namespace moescope
