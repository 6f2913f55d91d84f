// Looks and reports as text for a terminal.
#pragma once

#include <string>
#include <vector>

#include "compute/records/report.h"

namespace moescope {

/// Grids of the expert of each patch ("." where no expert took it), with loads and drops, for the image as it is and,
/// when the look's what_if changes something, under it. `path_patch` >= 0 adds the way of that patch.
std::string to_text(const Look& look, int64_t path_patch, const std::vector<std::string>& class_names);
/// What a Parity holds, a line a layer.
std::string to_text(const std::vector<LayerDeviation>& layers);
std::string to_text(const Report& report, const std::vector<std::string>& class_names);

}  // namespace moescope
