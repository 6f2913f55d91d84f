// A run without a window: the trainer's thread, the recorder, and a line of progress; Ctrl+C saves and leaves.
#pragma once

#include "app/run_request.h"

namespace moescope {

/// Trains to the end of the stop rule or until SIGINT or SIGTERM, recording all of it. Progress goes to stderr, the
/// result to stdout. Returns 0; throws UserError when the run cannot begin, fails or diverges, and StoreError.
int train_headless(PreparedRun run);

}  // namespace moescope
