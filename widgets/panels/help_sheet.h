// The sheet of all keys.
#pragma once

#include "widgets/ui/rect.h"

namespace moescope::panels {

/// Draws the sheet over everything. Returns true when it is to be closed (a click, Esc or `?`).
bool draw_help_sheet(const ui::Rect& screen);

}  // namespace moescope::panels
