// The step of the single-layer net compiled for AVX-512.
#include "compute/studies/single_layer_lanes_vector.h"

namespace moescope {

double lane_step_avx512(const LaneModel& model, const LaneImages& images, float weight, float* scratch) {
  return lane_step_vector(model, images, weight, scratch);
}

}  // namespace moescope
