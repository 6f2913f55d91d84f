// What each action is worth in the state on view, beside it what it would be worth with all experts, and what experts
// that are off do to the return.
#pragma once

#include <span>

#include "compute/records/agent_view.h"
#include "widgets/ui/rect.h"

namespace moescope::panels {

/// Returns the action that was clicked, else -1.
int draw_action_values(const ui::Rect& area, const AgentView& view);

/// "E2 E5 off"; "as it is".
std::string off_text(std::span<const uint8_t> experts_off);

}  // namespace moescope::panels
