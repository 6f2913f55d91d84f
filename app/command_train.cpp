// From flags to a run: a new one, or a stored one that goes on.
#include "app/command_train.h"

#include <iostream>

#include "app/config_file.h"
#include "app/config_options.h"
#include "app/headless.h"
#include "app/run_lookup.h"
#include "app/store_path.h"
#include "app/text_table.h"
#include "compute/records/config_fields.h"
#include "compute/train/checkpoint.h"
#include "sessions/checkpoints.h"

namespace moescope {

namespace {

struct TrainOptions {
  ConfigOptions config;
  std::string store, resume, stop;
  bool list_presets = false, print_config = false;
};

/// Settings that another machine or another day may change without changing what the stored run is.
bool may_change_on_resume(std::string_view key) {
  return key == "name" || key == "data.path" || key == "data.workers" || key.starts_with("compute.");
}

/// Reads the run's last checkpoint and lays the settings of the command line over it.
void prepare_resume(const TrainOptions& options, HeadlessOptions& headless) {
  if (!options.config.preset.empty() || !options.config.file.empty()) {
    throw UserError(
        "--resume goes on with the stored configuration; leave out --preset and --config, or change single "
        "fields with --set");
  }
  const SessionStore store(headless.store, SessionStore::Access::read);
  const RunReader reader(store);
  const int64_t run_id = find_run(reader, options.resume);
  const std::optional<CheckpointInfo> info = reader.latest_checkpoint(run_id);
  const std::string name = "run " + std::to_string(run_id);
  if (!info) throw UserError(name + " has no checkpoint to go on from; start it anew");
  auto bytes = std::make_shared<const std::vector<std::byte>>(load_checkpoint(store.database(), info->checkpoint_id));
  RunConfig config = read_checkpoint(*bytes, name + "'s checkpoint").head.config;
  for (const std::string& setting : options.config.settings) {
    apply_setting(config, setting);
    const std::string key = setting.substr(0, setting.find('='));
    if (find_field(key).adjust == Adjust::live) {
      headless.first_fields.push_back({key, get_field(config, key)});
    } else if (!may_change_on_resume(key)) {
      throw ConfigError(key + " shapes the model or its data and cannot change when " + name +
                        " goes on; start a new run");
    }
  }
  headless.setup.config = config;
  headless.setup.resume_from = std::move(bytes);
  headless.setup.resume_name = name + "'s checkpoint of step " + std::to_string(info->step);
  headless.resume = {run_id, info->step};
}

int list_presets_on_stdout() {
  TextTable table({"preset", "what it is"});
  for (const Preset& preset : list_presets()) table.add({preset.name, preset.about});
  std::cout << table.aligned();
  return 0;
}

int train(const TrainOptions& options) {
  if (options.list_presets) return list_presets_on_stdout();
  if (options.print_config) {
    std::cout << config_as_json(chosen_config(options.config));
    return 0;
  }
  HeadlessOptions headless;
  headless.store = store_path(options.store);
  if (options.resume.empty()) {
    headless.setup.config = chosen_config(options.config);
  } else {
    prepare_resume(options, headless);
  }
  if (!options.stop.empty()) {
    parse_stop_rule(options.stop);  // a mistake is told before anything begins
    headless.setup.stop_rule = options.stop;
  }
  return train_headless(std::move(headless));
}

}  // namespace

void add_train_command(CLI::App& program, Action& action) {
  CLI::App* command = program.add_subcommand("train", "trains without a window and records the run");
  const auto options = std::make_shared<TrainOptions>();
  add_config_options(*command, options->config);
  add_store_option(*command, options->store);
  command->add_option("--resume", options->resume, "go on with a stored run: its number, its name, or latest")
      ->type_name("RUN");
  command->add_option("--stop", options->stop, "steps=N,epochs=N,seconds=N,accuracy=X, whichever comes first")
      ->type_name("RULE");
  command->add_flag("--list-presets", options->list_presets, "name every preset and leave");
  command->add_flag("--print-config", options->print_config, "print the configuration as JSON and leave");
  command->callback([&action, options] { action = [options] { return train(*options); }; });
}

}  // namespace moescope
