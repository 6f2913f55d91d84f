// `moescope rl train|eval|play|sweep|stats`: agents that learn games, recorded as any other run.
#pragma once

#include <CLI/CLI.hpp>

#include "app/tools/action.h"

namespace moescope {

void add_rl_command(CLI::App& program, Action& action);
void add_rl_train_command(CLI::App& rl, Action& action);
void add_rl_eval_command(CLI::App& rl, Action& action);
void add_rl_play_command(CLI::App& rl, Action& action);
void add_rl_sweep_command(CLI::App& rl, Action& action);
void add_rl_stats_command(CLI::App& rl, Action& action);

}  // namespace moescope
