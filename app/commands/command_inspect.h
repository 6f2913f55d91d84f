// `moescope inspect RUN WHAT`: every number that the window's panels show, for a stored run.
#pragma once

#include <CLI/CLI.hpp>

#include "app/tools/action.h"

namespace moescope {

void add_inspect_command(CLI::App& program, Action& action);

}  // namespace moescope
