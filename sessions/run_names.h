// The words that the store uses for states and routers.
#pragma once

#include <optional>
#include <string_view>

#include "compute/records/snapshot.h"

namespace moescope {

constexpr std::string_view kInterrupted = "interrupted";  // stored for a run whose process ended without a word

std::string_view state_name(RunState state);
/// "interrupted" and whatever is no state read as paused.
RunState state_from_name(std::string_view name);

std::string_view router_name(RouterKind router);
/// Nothing for a name that is none.
std::optional<RouterKind> router_from_name(std::string_view name);

}  // namespace moescope
