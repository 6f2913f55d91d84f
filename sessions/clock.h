// The time of day as the store writes it.
#pragma once

#include <string>

namespace moescope {

/// Now, UTC, ISO 8601 to the second: "2026-01-02T03:04:05Z".
std::string utc_now();

}  // namespace moescope
