// `moescope train`: a run without a window.
#pragma once

#include <CLI/CLI.hpp>

#include "app/tools/action.h"

namespace moescope {

void add_train_command(CLI::App& program, Action& action);

}  // namespace moescope
