// Where a GPU has what a map's pictures show.
#pragma once

#include "compute/records/device_maps.h"
#include "compute/records/snapshot.h"

namespace moescope::panels {

/// Null when a CPU looked, and for a map that is not one of the view's own: one that was made anew for a slider.
const DeviceMaps* on_device(const ImageView& view, const RoutingMap& map);

/// The texels of the map's patches: of one column of its weights (slot or expert), each weight times `factor`.
MapTexels patch_texels(const RoutingMap& map, MapWeights weights, int64_t column, float factor);

}  // namespace moescope::panels
