// The step of norm-function compiled for AVX-512.
#include "compute/studies/norm_lanes_vector.h"

namespace moescope {

double norm_step_avx512(const NormModel& model, const float* x, const float* lengths, int64_t inputs, float weight,
                        float* scratch) {
  return norm_step_vector(model, x, lengths, inputs, weight, scratch);
}

}  // namespace moescope
