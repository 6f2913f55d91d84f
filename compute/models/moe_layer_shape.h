// What a configuration says of the mixture layer of a block.
#pragma once

#include "compute/moe/router.h"

namespace moescope {

MoeLayerShape moe_layer_shape(const RunConfig& config, int64_t layer, int64_t tokens_per_image);

}  // namespace moescope
