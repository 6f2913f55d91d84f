// `moescope twins`: models side by side on the same batches.
#pragma once

#include <CLI/CLI.hpp>

#include "app/tools/action.h"

namespace moescope {

void add_twins_command(CLI::App& program, Action& action);

}  // namespace moescope
