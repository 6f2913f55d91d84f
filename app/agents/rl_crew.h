// Several agents' runs side by side: each trains on one thread, as many at once as there are cores, and gives the same
// bits as alone.
#pragma once

#include <vector>

#include "app/runs/recorder.h"
#include "app/terminal/stop_signals.h"
#include "compute/rl/rl_run.h"

namespace moescope {

struct AgentJob {
  rl::RlSetup setup;
  int64_t resume_run = 0;  // a stored run that goes on, whose checkpoint is read when its turn comes; 0: a new run
};

/// Runs all of them, at most `at_once` side by side, and stores each; a line of progress about all on stderr, one about
/// each result on stdout. Ctrl+C saves and ends those that run; the rest is not begun. Throws what hindered the first
/// that failed, when the others have ended.
void run_agents(std::vector<AgentJob> jobs, const RecorderOptions& recording, int64_t at_once,
                const StopSignals& signals);

}  // namespace moescope
