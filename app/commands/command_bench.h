// `moescope bench`: images per second in training and inference, with the flags and the JSON line of the PyTorch peer.
#pragma once

#include <CLI/CLI.hpp>

#include "app/tools/action.h"

namespace moescope {

void add_bench_command(CLI::App& program, Action& action);

}  // namespace moescope
