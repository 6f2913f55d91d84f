// `moescope doctor`: what this machine offers and what the program makes of it.
#pragma once

#include <CLI/CLI.hpp>

#include "app/tools/action.h"

namespace moescope {

void add_doctor_command(CLI::App& program, Action& action);

}  // namespace moescope
