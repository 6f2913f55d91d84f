// The flags that choose a configuration, shared by every command that starts a run.
#pragma once

#include <string>
#include <vector>

#include "compute/records/run_config.h"

namespace CLI {
class App;
}

namespace moescope {

struct ConfigOptions {
  std::string preset;  // empty: the file's parent, or "default" when there is no file either
  std::string file;
  std::vector<std::string> settings;  // "key=value", applied last, in order
};

/// Adds --preset, --config and --set. `options` must outlive the parsing.
void add_config_options(CLI::App& command, ConfigOptions& options);

/// Adds the --set of commands that look at a stored run; what it may change is stored_model.h's. `settings` must
/// outlive the parsing.
void add_stored_settings(CLI::App& command, std::vector<std::string>& settings);

/// Preset, then file, then settings. Throws ConfigError; does not validate, because the image's size is not known yet.
RunConfig chosen_config(const ConfigOptions& options);

/// Applies one "key=value". Throws ConfigError, also when there is no "=".
void apply_setting(RunConfig& config, const std::string& setting);

}  // namespace moescope
