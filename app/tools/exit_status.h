// What a command that trains tells a script.
#pragma once

#include "compute/records/snapshot.h"

namespace moescope {

/// 1 when the run diverged, else 0. What hinders a run is an exception (cli.h: 2).
inline int exit_status_of(RunState end) { return end == RunState::diverged ? 1 : 0; }

}  // namespace moescope
