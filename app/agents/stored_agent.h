// The agent of a stored run, ready to play.
#pragma once

#include <memory>
#include <string>

#include "compute/rl/agent.h"

namespace moescope {

struct StoredAgent {
  int64_t run_id = 0, step = 0;
  std::unique_ptr<rl::Agent> agent;
};

/// From the newest checkpoint of a run. Throws UserError when there is no such run or no agent in it.
StoredAgent load_stored_agent(const std::string& store, const std::string& run);

}  // namespace moescope
