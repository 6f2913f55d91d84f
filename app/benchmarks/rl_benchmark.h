// How many DQN updates a second this machine makes: the figures of tests/benchmarks/torch_dqn_peer.py.
#pragma once

#include <CLI/CLI.hpp>

#include "app/tools/action.h"

namespace moescope {

/// `bench rl`: the peer's network, batches and optimiser; one JSON line.
void add_bench_rl_command(CLI::App& bench, Action& action);

}  // namespace moescope
