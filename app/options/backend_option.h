// --backend: where steps are computed, for commands that train, evaluate or compare.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace moescope {

/// Adds --backend cpu|cuda|cuda-host, which becomes a setting compute.device=... in `settings` (must outlive the
/// parsing) and the process's choice of plug-in.
void add_backend_option(CLI::App& command, std::vector<std::string>& settings);

/// True for "cuda" and "cuda-host", whose plug-in is what compute.device=cuda means from now on.
bool use_backend(const std::string& backend);

}  // namespace moescope
