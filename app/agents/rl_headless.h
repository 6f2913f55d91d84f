// An agent's run in a terminal: progress on stderr, the result on stdout, Ctrl+C saves and leaves.
#pragma once

#include <functional>

#include "app/runs/recorder.h"
#include "app/terminal/stop_signals.h"
#include "compute/rl/rl_run.h"

namespace moescope {

/// What is done with a run's numbers, on the thread that runs it.
struct AgentTeller {
  std::function<void(const rl::RlProgress&)> turned;  // after each turn
  std::function<void(const rl::RlRun&, int64_t run_id)> ended;
};

/// Runs on the calling thread until the stop rule, divergence or Ctrl+C, and stores it; returns how it ended. Throws
/// UserError when it could not be stored; what cannot be is told before anything is stored.
RunState run_agent(rl::RlSetup setup, const RecorderOptions& recording, const StopSignals& signals,
                   const AgentTeller& tell);
/// The same with a line of progress on stderr and the result on stdout.
RunState run_agent(rl::RlSetup setup, const RecorderOptions& recording, const StopSignals& signals);

/// The result on stdout, with what the agent costs.
void print_agent_result(const rl::RlRun& run, int64_t run_id, const std::string& store);

}  // namespace moescope
