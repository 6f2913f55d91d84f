// How fast a large store answers, measured on one that is made for it.
#pragma once

#include <CLI/CLI.hpp>

#include "app/tools/action.h"

namespace moescope {

/// `bench store`: makes a store of many runs and one very long series, then times what a person waits for.
void add_bench_store_command(CLI::App& bench, Action& action);

}  // namespace moescope
