// The window is to be closed while something is under way in it: what shall become of that?
#pragma once

#include <string>
#include <vector>

#include "widgets/panels/sources.h"
#include "widgets/ui/rect.h"

namespace moescope::panels {

enum class Leave {
  undecided,
  stay,   // the window stays open
  go_on,  // the window closes, training goes on in the terminal
  save,   // the run is saved and stops
};

struct AtWork {
  bool run = false;                 // the run of seen.snapshot trains
  std::vector<std::string> others;  // "recipe R10", "agent small": they end with the window and can go on later
  bool any() const { return run || !others.empty(); }
};

/// Draws the sheet over everything. Enter saves and leaves, Esc or a click beside it stays.
Leave draw_leave_sheet(const ui::Rect& screen, const Seen& seen, const AtWork& work);

}  // namespace moescope::panels
