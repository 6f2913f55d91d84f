// The step of norm-function compiled for AVX2.
#include "compute/studies/norm_lanes_vector.h"

namespace moescope {

double norm_step_avx2(const NormModel& model, const float* x, const float* lengths, int64_t inputs, float weight,
                      float* scratch) {
  return norm_step_vector(model, x, lengths, inputs, weight, scratch);
}

}  // namespace moescope
