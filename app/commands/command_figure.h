// `moescope figure`: figures of stored runs.
#pragma once

#include <CLI/CLI.hpp>

#include "app/tools/action.h"

namespace moescope {

void add_figure_command(CLI::App& program, Action& action);

}  // namespace moescope
