// A window was closed while its run trained, and the run is to go on: the terminal takes over.
#pragma once

#include <filesystem>

#include "window/live_run.h"

namespace moescope {

/// Shows progress on stderr until the run is at its end, has diverged or failed, or Ctrl+C; `latest` is what the window
/// saw last. Then prints what came of it, and the caller lets go of the run, which saves it. Returns exit_status_of its
/// end. Throws UserError when the run failed.
int go_on_in_terminal(LiveRun& run, std::shared_ptr<const Snapshot> latest, const std::filesystem::path& store);

}  // namespace moescope
