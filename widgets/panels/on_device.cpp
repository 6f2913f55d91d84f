// Where a GPU has what a map's pictures show.
#include "widgets/panels/on_device.h"

#include <algorithm>

#include "widgets/panels/routing_view.h"

namespace moescope::panels {

const DeviceMaps* on_device(const ImageView& view, const RoutingMap& map) {
  const bool own =
      std::any_of(view.routing.begin(), view.routing.end(), [&](const RoutingMap& one) { return &one == &map; });
  return own ? view.on_device.get() : nullptr;
}

MapTexels patch_texels(const RoutingMap& map, MapWeights weights, int64_t column, float factor) {
  MapTexels texels;
  texels.layer = map.layer;
  texels.weights = weights;
  texels.first_token = token_of_patch(map, 0);
  texels.grid_width = map.grid_width, texels.grid_height = map.grid_height;
  texels.first_column = column;
  texels.factor = factor;
  return texels;
}

}  // namespace moescope::panels
