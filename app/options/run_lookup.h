// From what a person writes for a run to the run.
#pragma once

#include <string>

#include "sessions/run_reader.h"

namespace moescope {

/// `given` is a run's number, a run's name (the latest run of that name), "latest", or a link (view_link.h). Throws
/// UserError naming the nearest name when there is no such run.
int64_t find_run(const RunReader& reader, const std::string& given);

}  // namespace moescope
