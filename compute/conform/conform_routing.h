// What the kinds with a router share: its settings out of a file's JSON, its decisions back under the file's names.
#pragma once

#include "compute/conform/golden_case.h"
#include "compute/moe/routing.h"

namespace moescope {

/// The "router" of a file's settings. Throws FormatError for one that is unknown.
RouterKind golden_router(const nlohmann::json& config);
/// A file's router settings as live knobs; with_noise: the file brings the draws.
RouterConfig golden_knobs(const nlohmann::json& config, int64_t num_experts, bool with_noise);
/// Adds out.gates, expert, place, token, dispatch, combine and losses, as far as the router has them.
void add_routing(const Routing& routing, const RouterConfig& knobs, GoldenResults& results);

}  // namespace moescope
