// From flags to a run: a new one, or a stored one that goes on.
#include "app/run_request.h"

#include "app/run_lookup.h"
#include "app/store_path.h"
#include "compute/records/config_fields.h"
#include "compute/train/checkpoint.h"
#include "sessions/checkpoints.h"

namespace moescope {

namespace {

/// Settings that another machine or another day may change without changing what the stored run is.
bool may_change_on_resume(std::string_view key) {
  return key == "name" || key == "data.path" || key == "data.workers" || key.starts_with("compute.");
}

/// Reads the run's last checkpoint and lays the settings of the command line over it.
void prepare_resume(const RunRequest& options, PreparedRun& run) {
  if (!options.config.preset.empty() || !options.config.file.empty()) {
    throw UserError(
        "--resume goes on with the stored configuration; leave out --preset and --config, or change single "
        "fields with --set");
  }
  const SessionStore store = open_store_for_reading(options.store);
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
    if (find_field(key).adjust != Adjust::next_run) {
      run.first_fields.push_back({key, get_field(config, key)});
    } else if (!may_change_on_resume(key)) {
      throw ConfigError(key + " shapes the model or its data and cannot change when " + name +
                        " goes on; start a new run");
    }
  }
  run.setup.config = config;
  run.setup.resume_from = std::move(bytes);
  run.setup.resume_name = name + "'s checkpoint of step " + std::to_string(info->step);
  run.resume = {run_id, info->step};
}

}  // namespace

void add_run_options(CLI::App& command, RunRequest& request) {
  add_config_options(command, request.config);
  add_store_option(command, request.store);
  command.add_option("--resume", request.resume, "go on with a stored run: its number, its name, or latest")
      ->type_name("RUN");
  command.add_option("--stop", request.stop, "steps=N,epochs=N,seconds=N,accuracy=X, whichever comes first")
      ->type_name("RULE");
}

PreparedRun prepare_run(const RunRequest& request) {
  PreparedRun run;
  run.store = store_path(request.store);
  if (request.resume.empty())
    run.setup.config = chosen_config(request.config);
  else
    prepare_resume(request, run);
  if (!request.stop.empty()) {
    parse_stop_rule(request.stop);  // a mistake is told before anything begins
    run.setup.stop_rule = request.stop;
  }
  return run;
}

}  // namespace moescope
