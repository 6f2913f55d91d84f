// Run, checkpoint, bytes, agent.
#include "app/agents/stored_agent.h"

#include "app/options/run_lookup.h"
#include "app/options/store_path.h"
#include "sessions/checkpoints.h"

namespace moescope {

StoredAgent load_stored_agent(const std::string& store_given, const std::string& run) {
  const SessionStore store = open_store_for_reading(store_given);
  const RunReader reader(store);
  StoredAgent stored;
  stored.run_id = find_run(reader, run);
  const auto info = reader.latest_checkpoint(stored.run_id);
  const std::string name = "run " + std::to_string(stored.run_id);
  if (!info) throw UserError(name + " has no checkpoint, so there are no weights to play with");
  const std::vector<std::byte> bytes = load_checkpoint(store.database(), info->checkpoint_id);
  const std::string what = name + "'s checkpoint of step " + std::to_string(info->step);
  stored.step = info->step;
  stored.agent = std::make_unique<rl::Agent>(rl::read_agent_config(bytes, what));
  stored.agent->restore(bytes, what);
  return stored;
}

}  // namespace moescope
