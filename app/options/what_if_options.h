// The flags that change what a stored model is asked, shared by eval and inspect.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "compute/records/what_if.h"

namespace moescope {

struct WhatIfOptions {
  std::vector<std::string> off, replaced, forced, occluded;
  int64_t kept = 0;
  std::string kept_by = "combine", bpr, shift, spot;
  uint64_t seed = 0;
  int64_t k = 0, slots = 0;
  double capacity_factor = 0, temperature = 0, noise = 0;
};

/// Adds --disable-expert, --replace-expert, --force-patch, --experts-kept, --experts-by, --seed, --k,
/// --capacity-factor, --bpr, --temperature, --slots, --occlude-patch, --noise, --shift and --paint. `options` must
/// outlive the parsing.
void add_what_if_options(CLI::App& command, WhatIfOptions& options);

/// Throws ConfigError naming the flag whose value cannot be read. Whether the model has such experts is check()'s.
WhatIf chosen_what_if(const WhatIfOptions& options);

}  // namespace moescope
