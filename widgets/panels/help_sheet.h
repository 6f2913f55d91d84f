// The sheet of all keys.
#pragma once

#include <string_view>

#include "widgets/ui/rect.h"

namespace moescope::panels {

/// Draws the sheet of a page (by its title) over everything. Returns true when it is to be closed (a click, Esc or
/// `?`).
bool draw_help_sheet(const ui::Rect& screen, std::string_view page);

}  // namespace moescope::panels
