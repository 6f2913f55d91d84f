// Parameters as text; the newest checkpoint as the beginning.
#include "app/agents/agent_resume.h"

#include "compute/records/rl_config_fields.h"
#include "sessions/checkpoints.h"

namespace moescope {

std::string agent_identity(const ParamTexts& params) {
  std::string text;
  for (const auto& [key, value] : params)
    if (is_rl_field(key) && key != "rl.threads" && key != "rl.checkpoint_secs") text += key + "=" + value + "\n";
  return text;
}

std::optional<AgentCheckpoint> newest_agent_checkpoint(const RunReader& reader, int64_t run_id) {
  const auto info = reader.latest_checkpoint(run_id);
  if (!info) return std::nullopt;
  AgentCheckpoint newest{.step = info->step, .bytes = {}, .name = "", .config = {}};
  newest.bytes =
      std::make_shared<const std::vector<std::byte>>(load_checkpoint(reader.database(), info->checkpoint_id));
  newest.name = "run " + std::to_string(run_id) + "'s checkpoint of step " + std::to_string(info->step);
  newest.config = rl::read_agent_config(*newest.bytes, newest.name);
  return newest;
}

void go_on_with(const RunReader& reader, int64_t run_id, rl::RlSetup& setup, RecorderOptions& recording) {
  std::optional<AgentCheckpoint> newest = newest_agent_checkpoint(reader, run_id);
  if (!newest) throw UserError("run " + std::to_string(run_id) + " has no checkpoint to go on from; start it anew");
  recording.resume = RecorderOptions::Resume{run_id, newest->step};
  setup.wall_secs_before = reader.load_summary(run_id).wall_secs;
  setup.resume_from = std::move(newest->bytes);
  setup.resume_name = std::move(newest->name);
  setup.config = std::move(newest->config);
}

}  // namespace moescope
