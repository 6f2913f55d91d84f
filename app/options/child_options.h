// What a program is told that another one, such as the window, has started to train in its stead.
#pragma once

#include <CLI/CLI.hpp>

namespace moescope {

/// --beside and --progress.
void add_child_options(CLI::App& command, bool& beside, bool& progress);

/// From now on SIGTERM comes when the program that started this one ends.
void end_with_parent();

}  // namespace moescope
