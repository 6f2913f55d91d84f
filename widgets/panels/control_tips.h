// One table of what the controls about stored runs and figures say when the mouse rests on them.
#pragma once

#include <span>
#include <string_view>

#include "widgets/ui/tooltip.h"

namespace moescope::panels {

struct ControlTip {
  std::string_view control;  // "compare.log_y"
  ui::Tip tip;
};

std::span<const ControlTip> control_tips();

/// Shows the control's tip over the area. A control without one is a defect: std::logic_error.
void tip_of(std::string_view control, const ui::Rect& area);

}  // namespace moescope::panels
