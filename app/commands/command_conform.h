// `moescope conform DIR`: are the numbers those of the papers' own code?
#pragma once

#include <CLI/CLI.hpp>

#include "app/tools/action.h"

namespace moescope {

void add_conform_command(CLI::App& program, Action& action);

}  // namespace moescope
