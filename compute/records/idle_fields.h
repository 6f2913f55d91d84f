// Settings of a router that change nothing, because of its kind or of another setting.
#pragma once

#include <string>
#include <string_view>

#include "compute/records/run_config.h"

namespace moescope {

/// Why `key` changes nothing in a model of this configuration, as in "router.slots_per_expert=3 says how many slots
/// there are"; empty when it does, and for fields of other parts than the router. Throws ConfigError for no field.
std::string why_idle(const RunConfig& config, std::string_view key);

/// The same for the evaluation of a trained model, which is neither disturbed by noise nor pushed by a loss, and whose
/// slots are as they were trained.
std::string why_idle_in_evaluation(const RunConfig& config, std::string_view key);

}  // namespace moescope
