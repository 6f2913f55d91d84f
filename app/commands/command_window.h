// moescope without a command: the workbench.
#pragma once

#include <CLI/CLI.hpp>

#include "app/tools/action.h"

namespace moescope {

/// Adds the workbench's own flags to the program itself; `action` is set when no sub-command was given.
void add_window_command(CLI::App& program, Action& action);

}  // namespace moescope
