// `moescope eval RUN`: what a stored run is worth, and what it is worth with less compute.
#pragma once

#include <CLI/CLI.hpp>

#include "app/tools/action.h"

namespace moescope {

void add_eval_command(CLI::App& program, Action& action);

}  // namespace moescope
