// `moescope plan`: what a model of any size costs, before anything is trained.
#pragma once

#include <CLI/CLI.hpp>

#include "app/tools/action.h"

namespace moescope {

void add_plan_command(CLI::App& program, Action& action);

}  // namespace moescope
