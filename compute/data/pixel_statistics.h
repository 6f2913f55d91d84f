// Mean and deviation of each channel, measured on a sample, for data sets that publish none.
#pragma once

#include <vector>

#include "compute/data/dataset.h"

namespace moescope {

/// Over `num_images` training images spread evenly over the split (all when there are fewer), of values 0..1. A channel
/// that never varies gets deviation 1. The sizes and num_train of its info must be set.
void measure_pixels(const Dataset& dataset, std::vector<float>& mean, std::vector<float>& std,
                    int64_t num_images = 256);

}  // namespace moescope
