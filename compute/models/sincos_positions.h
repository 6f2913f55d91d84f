// Fixed position embeddings: sines and cosines of a patch's column and row. NUMERICS 4.2.
#pragma once

#include "compute/core/arena.h"

namespace moescope {

/// (L,features), patches row-major; with a class token its row of zeros comes first. features: a multiple of 4.
Buffer sincos_positions(int64_t grid_height, int64_t grid_width, int64_t features, bool class_token);

}  // namespace moescope
