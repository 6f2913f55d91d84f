// Sparse routing over the image: the colour of each patch's expert, opacity = gate, dropped patches hollow.
#pragma once

#include "widgets/panels/image_view.h"
#include "widgets/panels/selection.h"

namespace moescope::panels {

/// Draws image and routing side by side with their captions. Reports the patch and expert under the mouse to the
/// selection; a click pins them. Returns the area that was used.
ui::Rect draw_sparse_picture(const ui::Rect& area, const Seen& seen, const ImageView& view, const RoutingMap& map,
                             Selection& selection);

/// How opaque a gate value is drawn: linear, and never quite invisible, so that a patch's expert can always be read.
float gate_opacity(float gate);

}  // namespace moescope::panels
