// A window was closed while its run trained, and the run is to go on: the terminal takes over.
#pragma once

#include "window/live_run.h"

namespace moescope {

/// Shows progress on stderr until the run is at its end, has diverged or failed, or Ctrl+C; `latest` is what the window
/// saw last. The caller then lets go of the run, which saves it. Throws UserError when the run failed.
void go_on_in_terminal(LiveRun& run, std::shared_ptr<const Snapshot> latest);

}  // namespace moescope
