// The curves: loss and accuracy of the run, and how balanced the layer under view is.
#pragma once

#include "widgets/panels/history.h"
#include "widgets/panels/selection.h"
#include "widgets/panels/sources.h"
#include "widgets/ui/rect.h"

namespace moescope::panels {

/// Loss left, accuracy right, evaluations as points, knobs as marks.
void draw_loss_curves(const ui::Rect& area, const Seen& seen, const History& history, Selection& selection);

/// Load CV left; share of dropped tokens and entropy relative to its largest value right.
void draw_balance_curves(const ui::Rect& area, const Seen& seen, const History& history, Selection& selection);

}  // namespace moescope::panels
