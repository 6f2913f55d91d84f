// Run, checkpoint, bytes, agent.
#include "app/agents/stored_agent.h"

#include "app/agents/agent_resume.h"
#include "app/options/run_lookup.h"
#include "app/options/store_path.h"

namespace moescope {

StoredAgent load_stored_agent(const std::string& store_given, const std::string& run) {
  const SessionStore store = open_store_for_reading(store_given);
  const RunReader reader(store);
  StoredAgent stored;
  stored.run_id = find_run(reader, run, RunKind::agent);
  const std::optional<AgentCheckpoint> newest = newest_agent_checkpoint(reader, stored.run_id);
  if (!newest)
    throw UserError("run " + std::to_string(stored.run_id) +
                    " has no checkpoint, so there are no weights to play with");
  stored.step = newest->step;
  stored.agent = std::make_unique<rl::Agent>(newest->config);
  stored.agent->restore(*newest->bytes, newest->name);
  return stored;
}

}  // namespace moescope
