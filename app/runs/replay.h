// A stored run done again from its settings, its seed and the knobs that were turned, and compared bit for bit.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "sessions/run_reader.h"

namespace moescope {

struct ReplayResult {
  int64_t first_step = 0, last_step = 0;        // steps done again: first_step + 1 .. last_step
  int64_t num_losses = 0, num_checkpoints = 0;  // compared
  std::vector<std::string> differences;         // one sentence each, the first few; empty: all the same
  std::vector<std::string> surroundings;        // what is not as it was: "cpu: A, was B"
  bool same() const { return differences.empty(); }
};

/// Trains again from the run's beginning (a branch: from its first stored checkpoint) to its last step, or to `until`
/// when that is not negative. progress(step) is called now and then. Commands that "restore" has undone are not
/// repeated. Throws UserError when the run has no steps, or its beginning is not stored; and whatever training throws.
ReplayResult replay_run(const RunReader& reader, int64_t run_id, int64_t until,
                        const std::function<void(int64_t step, int64_t last)>& progress = {});

}  // namespace moescope
