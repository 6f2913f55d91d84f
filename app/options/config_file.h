// Configurations as JSON: presets with a parent, files of a user's own, and the whole of a configuration written out.
//
//   {"parent": "default", "about": "fewer, larger experts", "router": {"num_experts": 4}, "train.epochs": 10}
//
// Objects and dotted keys mean the same. `parent` is a preset's name or a path relative to the file. What a file does
// not say comes from its parent, and without a parent from the defaults of run_config.h.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "compute/records/run_config.h"

namespace moescope {

struct Preset {
  std::string name;   // "vmoe-s": assets/presets/vmoe-s.json
  std::string about;  // its one line
};

/// Every preset, by name.
std::vector<Preset> list_presets();

/// A preset with its parents applied; its name is the run's name. Throws ConfigError naming the nearest preset.
RunConfig load_preset(std::string_view name);

/// A file with its parents applied over `base`. Throws ConfigError naming file, line and field for damaged JSON, an
/// unknown or doubled key, and a value that its field does not take.
RunConfig load_config_file(const std::filesystem::path& file, const RunConfig& base = {});

/// Every field, defaults included, as JSON that load_config_file reads back to the same values.
std::string config_as_json(const RunConfig& config);

}  // namespace moescope
