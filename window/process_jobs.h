// The jobs that processes of their own do for the window: each with its bar, the time left and a button that cancels
// it.
#pragma once

#include <span>

#include "widgets/ui/rect.h"
#include "window/session_door.h"

namespace moescope {

float job_strip_height(std::span<const SessionJob> jobs);
void draw_job_strip(const ui::Rect& area, std::span<const SessionJob> jobs, SessionDoor& door);

}  // namespace moescope
