// How many slots an expert has in a group, or why it would have none. NUMERICS 1.5 and 2.4.
#pragma once

#include <cstdint>

#include "compute/records/capacity.h"

namespace moescope {

/// Capacity per expert of a sparse router for one group of `group_tokens`. Training takes capacity_factor, evaluation
/// eval_capacity_factor when it is not 0. Experts Choice never takes more than the group has.
/// Throws ConfigError when nothing is left of it, naming the factor.
int64_t sparse_capacity(const RouterConfig& router, int64_t group_tokens, bool training);

/// The same for a group that the end of the data cut short: at least 1 instead of an error.
int64_t partial_group_capacity(const RouterConfig& router, int64_t group_tokens, bool training);

/// Soft MoE's P: router.slots_per_expert, or round-half-even(S * factor / E) when that is 0. Throws ConfigError
/// below 1.
int64_t soft_slots_per_expert(const RouterConfig& router, int64_t group_tokens);

}  // namespace moescope
