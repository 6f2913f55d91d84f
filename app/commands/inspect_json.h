// Looks and reports as JSON, with every array: what `moescope inspect --json` prints.
#pragma once

#include <nlohmann/json.hpp>

#include "compute/records/report.h"

namespace moescope {

/// `path_patch` >= 0 adds the way of that patch. class_names may be empty.
nlohmann::json to_json(const Look& look, int64_t path_patch, const std::vector<std::string>& class_names);
nlohmann::json to_json(const Report& report);

}  // namespace moescope
