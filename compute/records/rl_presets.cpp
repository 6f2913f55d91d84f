// The table of presets: what learns MinAtar in minutes, and the published numbers of NUMERICS 5.8.
#include "compute/records/rl_presets.h"

#include <algorithm>

#include "compute/records/nearest_name.h"
#include "compute/records/rl_config_fields.h"

namespace moescope {

const std::vector<RlPreset>& rl_presets() {
  static const std::vector<RlPreset> presets = {
      {"dqn", "DQN with 3-step returns, MinAtar in minutes: one convolution, a dense layer of 128", {"name=dqn"}},
      {"soft", "the same with Soft MoE: 8 experts over the places of the map", {"name=soft", "layer=soft"}},
      {"top1", "the same with Top-1 MoE over the channels", {"name=top1", "layer=top1", "tokens=per_feat"}},
      {"tokenised", "one expert over tokens, the follow-up's arm", {"name=tokenised", "layer=soft", "experts=1"}},
      {"rainbow",
       "Rainbow on MinAtar: double, dueling, noisy, 3-step, 51 atoms, prioritised",
       {"name=rainbow", "double_dqn=on", "dueling=on", "noisy=on", "prioritized=on", "atoms=51"}},
      {"soft-rainbow",
       "Rainbow with Soft MoE of 4 experts",
       {"name=soft-rainbow", "layer=soft", "experts=4", "double_dqn=on", "dueling=on", "noisy=on", "prioritized=on",
        "atoms=51"}},
      {"classic",
       "Dopamine's numbers for CartPole and Acrobot, two dense layers",
       {"name=classic", "encoder=dense", "filters=512", "hidden=512", "learning_rate=0.001", "adam_epsilon=0.0003125",
        "batch_size=128", "replay_capacity=50000", "min_replay=500", "update_period=4", "target_period=100",
        "epsilon_decay=0", "n_step=1"}},
      {"atari",
       "DQN on Atari for a short run: the nature encoder, a small replay buffer",
       {"name=atari", "encoder=nature", "hidden=512", "sticky_probability=0.25", "learning_rate=0.0001",
        "adam_epsilon=0.00015", "replay_capacity=20000", "min_replay=1000", "epsilon_decay=20000"}},
      {"dopamine-dqn",
       "Dopamine's numbers for DQN with Soft MoE on Atari",
       {"name=dopamine-dqn", "encoder=nature", "layer=soft", "hidden=512", "learning_rate=0.0000625",
        "adam_epsilon=0.00015", "replay_capacity=1000000", "replay_mib=32768", "min_replay=20000", "update_period=4",
        "target_period=8000", "epsilon_decay=250000", "n_step=1"}},
      {"dopamine-rainbow",
       "Dopamine's numbers for Rainbow with Soft MoE on Atari",
       {"name=dopamine-rainbow", "encoder=impala", "layer=soft", "experts=4", "hidden=512", "learning_rate=0.0000625",
        "adam_epsilon=0.00015", "replay_capacity=1000000", "replay_mib=32768", "min_replay=20000", "update_period=4",
        "target_period=8000", "double_dqn=on", "dueling=on", "noisy=on", "prioritized=on", "atoms=51"}},
  };
  return presets;
}

void apply_rl_setting(RlConfig& config, std::string_view setting) {
  const size_t equals = setting.find('=');
  if (equals == std::string_view::npos)
    throw ConfigError("--set " + std::string(setting) + " has no '='; write --set key=value");
  set_field(config, setting.substr(0, equals), setting.substr(equals + 1));
}

RlConfig load_rl_preset(std::string_view name, std::string_view game) {
  if (name.empty()) {
    name = game.starts_with("atari:") ? "atari" : game == "cartpole" || game == "acrobot" ? "classic" : "dqn";
  }
  const auto& presets = rl_presets();
  const auto found =
      std::find_if(presets.begin(), presets.end(), [&](const RlPreset& preset) { return preset.name == name; });
  if (found == presets.end()) {
    std::vector<std::string_view> names;
    for (const RlPreset& preset : presets) names.push_back(preset.name);
    throw ConfigError("there is no preset '" + std::string(name) + "' for agents; did you mean '" +
                      std::string(nearest_name(name, names)) + "'?");
  }
  RlConfig config;
  for (std::string_view setting : found->settings) apply_rl_setting(config, setting);
  config.game = game;
  return config;
}

}  // namespace moescope
