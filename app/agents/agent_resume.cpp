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

void go_on_with(const RunReader& reader, int64_t run_id, rl::RlSetup& setup, RecorderOptions& recording) {
  const auto info = reader.latest_checkpoint(run_id);
  const std::string name = "run " + std::to_string(run_id);
  if (!info) throw UserError(name + " has no checkpoint to go on from; start it anew");
  setup.resume_from =
      std::make_shared<const std::vector<std::byte>>(load_checkpoint(reader.database(), info->checkpoint_id));
  setup.resume_name = name + "'s checkpoint of step " + std::to_string(info->step);
  setup.wall_secs_before = reader.load_summary(run_id).wall_secs;
  setup.config = rl::read_agent_config(*setup.resume_from, setup.resume_name);
  recording.resume = RecorderOptions::Resume{run_id, info->step};
}

}  // namespace moescope
