// Every kind of golden file that we can replay, one runner a kind.
#pragma once

#include <string_view>

#include "compute/conform/golden_case.h"

namespace moescope {

GoldenRunner conform_moe, conform_soft_rms, conform_ties, conform_aux, conform_vit, conform_optim, conform_minatar,
    conform_rl, conform_rl_td, conform_rainbow;

struct GoldenKind {
  std::string_view name;
  GoldenRunner* run;
  bool exact = false;      // to the bit, without an entry in INDEX.md
  bool on_device = false;  // the runner heeds GoldenCase::device
};

/// nullptr for a kind without a runner.
const GoldenKind* find_golden_kind(std::string_view name);

}  // namespace moescope
