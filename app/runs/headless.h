// Training without a window: progress on stderr, the result on stdout, Ctrl+C saves and leaves.
#pragma once

#include <memory>

#include "app/runs/run_request.h"
#include "compute/records/snapshot.h"

namespace moescope {

struct HeadlessRun {
  int64_t run_id = 0;
  std::shared_ptr<const Snapshot> last;  // null when it ended before the first one
  bool asked_to_stop = false;            // by Ctrl+C or SIGTERM; it was saved
};

/// Trains until the run is over. Throws UserError when it failed, or when something could not be stored.
HeadlessRun run_headless(PreparedRun run);

/// What came of it, and what can be done next, on stdout.
void print_result(const Snapshot& last, int64_t run_id, const std::filesystem::path& store);

/// The same as run_headless, and prints the result. Returns exit_status_of its end.
int train_headless(PreparedRun run);

}  // namespace moescope
