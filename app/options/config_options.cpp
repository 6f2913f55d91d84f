// From flags to a configuration.
#include "app/options/config_options.h"

#include <CLI/CLI.hpp>

#include "app/options/config_file.h"
#include "compute/records/config_fields.h"

namespace moescope {

namespace {

void add_settings(CLI::App& command, std::vector<std::string>& settings, const char* help) {
  command.add_option("--set", settings, help)->type_name("KEY=VALUE")->expected(1)->take_all();
}

}  // namespace

void add_config_options(CLI::App& command, ConfigOptions& options) {
  command.add_option("--preset", options.preset, "start from a preset of assets/presets (default: default)")
      ->type_name("NAME");
  command.add_option("--config", options.file, "a JSON file of settings, laid over the preset")->type_name("FILE");
  add_settings(command, options.settings, "set one field, such as router.num_experts=8; may be repeated");
}

void add_stored_settings(CLI::App& command, std::vector<std::string>& settings) {
  add_settings(command, settings, "a live field, data.path, data.test_limit or compute.*; may be repeated");
}

RunConfig chosen_config(const ConfigOptions& options) {
  RunConfig config;
  if (!options.preset.empty() || options.file.empty()) {
    config = load_preset(options.preset.empty() ? "default" : options.preset);
  }
  if (!options.file.empty()) config = load_config_file(options.file, config);
  for (const std::string& setting : options.settings) apply_setting(config, setting);
  return config;
}

void apply_setting(RunConfig& config, const std::string& setting) {
  const size_t equals = setting.find('=');
  if (equals == std::string::npos) { throw ConfigError("--set " + setting + " has no '='; write --set key=value"); }
  set_field(config, setting.substr(0, equals), setting.substr(equals + 1));
}

}  // namespace moescope
