// Runs of agents in the store: which are the same run, and how one goes on.
#pragma once

#include <string>

#include "app/runs/recorder.h"
#include "compute/rl/rl_run.h"
#include "sessions/run_params.h"
#include "sessions/run_reader.h"

namespace moescope {

/// All that decides what an agent's run computes, its seed included, as one text: what two runs compute is the same to
/// the last bit when they share it.
std::string agent_identity(const ParamTexts& params);

/// Lets `setup` and `recording` go on with the run where its newest checkpoint stands. Throws UserError when it has
/// none or when that is no agent's.
void go_on_with(const RunReader& reader, int64_t run_id, rl::RlSetup& setup, RecorderOptions& recording);

}  // namespace moescope
