// The agent of a recipe's arm: what a configuration of vision models and a recipe's numbers say about it.
#pragma once

#include "compute/records/rl_config.h"
#include "compute/studies/study.h"

namespace moescope {

/// Layer, experts and their width, learning rate, Adam's epsilon, batch and seed come from the configuration; of
/// `numbers` "game" (its place among environment_names()), "tokens" (of RlTokens), "widen", "fixed_phi", "filters",
/// "min_replay", "epsilon_decay", "target_period", "update_period", "replay_capacity", "n_step". Everything else is as
/// rl_config.h has it, so that an arm without such numbers is a preset of `rl train`. One thread. Throws ConfigError
/// for a game that there is not.
RlConfig agent_config(const StudyCase& study);

}  // namespace moescope
