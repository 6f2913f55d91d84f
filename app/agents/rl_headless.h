// An agent's run in a terminal: progress on stderr, the result on stdout, Ctrl+C saves and leaves.
#pragma once

#include "app/runs/recorder.h"
#include "app/terminal/stop_signals.h"
#include "compute/rl/rl_run.h"

namespace moescope {

/// Runs until the stop rule, or until Ctrl+C, and stores it. Throws UserError when it diverged or could not be stored;
/// what cannot be is told before anything is stored.
rl::RlProgress run_agent(rl::RlSetup setup, const RecorderOptions& recording, const StopSignals& signals);

/// The result on stdout, with what the agent costs.
void print_agent_result(const rl::RlProgress& progress, const rl::Agent& agent, int64_t run_id,
                        const std::string& store);

}  // namespace moescope
