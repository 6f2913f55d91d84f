// `moescope runs`: what the session store holds.
#pragma once

#include <CLI/CLI.hpp>

#include "app/tools/action.h"

namespace moescope {

void add_runs_command(CLI::App& program, Action& action);

}  // namespace moescope
