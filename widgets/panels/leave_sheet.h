// The window is to be closed while its run trains: what shall become of the run?
#pragma once

#include "widgets/panels/sources.h"
#include "widgets/ui/rect.h"

namespace moescope::panels {

enum class Leave {
  undecided,
  stay,   // the window stays open
  go_on,  // the window closes, training goes on in the terminal
  save,   // the run is saved and stops
};

/// Draws the sheet over everything. Enter saves and leaves, Esc or a click beside it stays.
Leave draw_leave_sheet(const ui::Rect& screen, const Seen& seen);

}  // namespace moescope::panels
