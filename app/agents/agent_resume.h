// Runs of agents in the store: which are the same run, and how one goes on.
#pragma once

#include <optional>
#include <string>

#include "app/runs/recorder.h"
#include "compute/rl/rl_run.h"
#include "sessions/run_params.h"
#include "sessions/run_reader.h"

namespace moescope {

/// All that decides what an agent's run computes, its seed included, as one text: what two runs compute is the same to
/// the last bit when they share it.
std::string agent_identity(const ParamTexts& params);

/// A run's newest checkpoint as an agent's.
struct AgentCheckpoint {
  int64_t step = 0;
  rl::CheckpointBytes bytes;
  std::string name;  // "run 3's checkpoint of step 400", for errors
  RlConfig config;
};
/// Nothing when the run has none. Throws FormatError when it is no agent's.
std::optional<AgentCheckpoint> newest_agent_checkpoint(const RunReader& reader, int64_t run_id);

/// Lets `setup` and `recording` go on with the run where its newest checkpoint stands. Throws UserError when it has
/// none.
void go_on_with(const RunReader& reader, int64_t run_id, rl::RlSetup& setup, RecorderOptions& recording);

}  // namespace moescope
