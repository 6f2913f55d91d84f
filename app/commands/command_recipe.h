// `moescope recipe list`, `describe`, `run`, `report`: a paper's claim, one command each.
#pragma once

#include <CLI/CLI.hpp>

#include "app/tools/action.h"

namespace moescope {

void add_recipe_command(CLI::App& program, Action& action);

}  // namespace moescope
