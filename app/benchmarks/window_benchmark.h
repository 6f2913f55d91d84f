// What the window costs: how soon it opens, what a frame takes on its thread, and how much training loses to it.
#pragma once

#include <CLI/CLI.hpp>

#include "app/tools/action.h"

namespace moescope {

/// `bench ui`: trains with and without a window by turns.
void add_bench_ui_command(CLI::App& bench, Action& action);

}  // namespace moescope
