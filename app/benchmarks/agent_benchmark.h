// What it costs an agent's training to be watched in the window.
#pragma once

#include <CLI/CLI.hpp>

#include "app/tools/action.h"

namespace moescope {

/// `bench rl-watch`: an agent trains all the time, the window's page of agents opens on it and closes again.
void add_bench_rl_watch_command(CLI::App& bench, Action& action);

}  // namespace moescope
