// The known name that a misspelt one most likely meant: every "unknown ..." message carries it.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace moescope {

/// Letters to insert, delete, replace or swap with their neighbour to turn `a` into `b` (optimal string alignment).
int edit_distance(std::string_view a, std::string_view b);

/// The nearest of `names` to `asked`. The part after a name's last dot counts as a name too, so "capacity_factor" finds
/// "router.capacity_factor". The first one wins a tie; empty when `names` is.
std::string_view nearest_name(std::string_view asked, std::span<const std::string_view> names);

}  // namespace moescope
