// How fast each implementation of each op runs on this machine, beside its plain reference.
#pragma once

#include <CLI/CLI.hpp>

#include "app/tools/action.h"

namespace moescope {

/// `bench kernels`: every implementation that this CPU can run, at the shapes of the default model; with
/// --model the roofline of a training step on a GPU (roofline_table.h).
void add_bench_kernels_command(CLI::App& bench, Action& action);

}  // namespace moescope
