// A layer's routing as one table: slots (Soft MoE) or experts (sparse) by tokens. For tokens that are no places, and to
// see all slots against all cells at once.
#pragma once

#include "widgets/panels/selection.h"
#include "widgets/panels/sources.h"
#include "widgets/ui/rect.h"

namespace moescope::panels {

/// Soft: dispatch in units of the uniform weight; sparse: gates.
void draw_routing_matrix(const ui::Rect& area, const Seen& seen, const RoutingMap& map, Selection& selection);

}  // namespace moescope::panels
