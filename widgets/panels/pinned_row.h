// The pinned images side by side: each with where its patches go in the layer on view.
#pragma once

#include "widgets/panels/selection.h"
#include "widgets/panels/sources.h"
#include "widgets/ui/rect.h"

namespace moescope::panels {

/// Draws as many pairs of image and routing as fit; a click chooses the image.
void draw_pinned_row(const ui::Rect& area, const Seen& seen, Selection& selection, std::vector<Command>& out);

/// Pins the chosen image, or lets it go; at most nine. Tells the run what to watch.
void toggle_pin(Selection& selection, std::vector<Command>& out);

}  // namespace moescope::panels
