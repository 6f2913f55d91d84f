// The rounding rules of the released code, for whoever routes, plans or checks a configuration. NUMERICS 1.5 and 2.4.
#pragma once

#include <cstdint>

#include "compute/records/run_config.h"

namespace moescope {

/// C = ceil or round-half-even(assignments * factor / experts), raised to a multiple of `multiple_of` (0 or 1: not
/// raised). assignments: S*k for Tokens Choice, S for Experts Choice. May be 0 (round) or exceed S. Source:
/// google-research/vmoe:vmoe/nn/routing.py and vmoe/moe.py, compute_capacity.
int64_t compute_capacity(int64_t assignments, int64_t experts, double factor, CapacityRounding rounding,
                         int64_t multiple_of);

}  // namespace moescope
