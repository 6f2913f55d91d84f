// `moescope sweep`: many runs, one after the other.
#pragma once

#include <CLI/CLI.hpp>

#include "app/tools/action.h"

namespace moescope {

void add_sweep_command(CLI::App& program, Action& action);

}  // namespace moescope
