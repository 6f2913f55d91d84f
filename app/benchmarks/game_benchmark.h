// How many steps a second each game takes on one core.
#pragma once

#include <CLI/CLI.hpp>

#include "app/tools/action.h"

namespace moescope {

/// `bench games`: random moves with sticky controls, a frame drawn after each, episodes begun anew.
void add_bench_games_command(CLI::App& bench, Action& action);

}  // namespace moescope
