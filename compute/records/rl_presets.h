// Named settings of reinforcement learning.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "compute/records/rl_config.h"

namespace moescope {

struct RlPreset {
  std::string_view name, about;
  std::vector<std::string_view> settings;  // "key=value", over the defaults of rl_config.h
};

const std::vector<RlPreset>& rl_presets();
/// Throws ConfigError naming the nearest preset. An empty name is the one for the game: "atari", "classic" or "dqn".
RlConfig load_rl_preset(std::string_view name, std::string_view game);
/// Applies one "key=value". Throws ConfigError, also when there is no "=".
void apply_rl_setting(RlConfig& config, std::string_view setting);

}  // namespace moescope
