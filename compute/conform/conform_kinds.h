// Every kind of golden file that we can replay, one runner a kind.
#pragma once

#include <string_view>

#include "compute/conform/golden_case.h"

namespace moescope {

GoldenRunner conform_moe, conform_soft_rms, conform_ties, conform_aux, conform_vit, conform_optim;

/// nullptr for a kind without a runner.
GoldenRunner* find_golden_runner(std::string_view kind);

}  // namespace moescope
