// Counts steps, cuts long episodes, and finds games and actions by name.
#include "compute/rl/environment.h"

#include <algorithm>

#include "compute/core/error.h"
#include "compute/records/nearest_name.h"
#include "compute/rl/atari.h"
#include "compute/rl/minatar_game.h"

namespace moescope::rl {

void Environment::reset(uint64_t seed, uint64_t episode) {
  steps_ = 0;
  begin(seed, episode);
}

Environment::Outcome Environment::step(int action) {
  if (action < 0 || action >= static_cast<int>(info_.actions.size())) {
    throw ConfigError(info_.name + " has no action " + std::to_string(action) + "; it has 0 to " +
                      std::to_string(info_.actions.size() - 1));
  }
  Outcome outcome = move(action);
  ++steps_;
  outcome.truncated = !outcome.terminal && info_.max_episode_steps > 0 && steps_ >= info_.max_episode_steps;
  return outcome;
}

std::vector<std::string_view> environment_names() {
  std::vector<std::string_view> names(minatar_names().begin(), minatar_names().end());
  names.push_back("cartpole");
  names.push_back("acrobot");
  return names;
}

std::unique_ptr<Environment> make_environment(const RlConfig& config) {
  if (is_atari(config.game)) return make_atari_environment(config);
  const auto names = environment_names();
  if (std::find(names.begin(), names.end(), config.game) == names.end()) {
    throw ConfigError("there is no game '" + config.game + "'; did you mean '" +
                      std::string(nearest_name(config.game, names)) + "'?");
  }
  if (config.game == "cartpole") return make_cartpole();
  if (config.game == "acrobot") return make_acrobot();
  return make_minatar_environment(config);
}

}  // namespace moescope::rl
