// What the pictures show of the chosen image: the snapshot's view, or the answer to what was asked.
#pragma once

#include "widgets/panels/routing_view.h"
#include "widgets/panels/selection.h"
#include "widgets/panels/sources.h"

namespace moescope::panels {

/// The look at the chosen image while something is asked: the newest answer, even if a newer question is on its way.
/// Null when nothing is asked or no answer about this image came yet.
const ImageLook* shown_look(const Seen& seen, const Selection& selection);

/// The view that every picture draws: changed, as it is while Shift is held, or the snapshot's. Null: none came yet.
const ImageView* shown_view(const Seen& seen, const Selection& selection);
const RoutingMap* shown_map(const Seen& seen, const Selection& selection);

/// Versions pictures made of shown_view.
uint64_t shown_version(const Seen& seen, const Selection& selection);

/// True while the newest answer is not the answer to what is asked now, or not by the model that was chosen.
bool is_waiting(const Seen& seen, const Selection& selection);

/// The patches of the layer that changed their expert; null when nothing is asked.
const LayerChange* shown_change(const Seen& seen, const Selection& selection);

/// "12 of 49 patches re-routed", over all layers when layer is -1.
int64_t count_rerouted(const ImageLook& look, int64_t layer);

}  // namespace moescope::panels
