// From flags to a run: a new one, or a stored one that goes on.
#include "app/runs/run_request.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "app/options/run_lookup.h"
#include "app/options/store_path.h"
#include "compute/records/config_fields.h"
#include "compute/records/idle_fields.h"
#include "compute/records/stop_rule.h"
#include "compute/train/checkpoint.h"
#include "compute/train/environment.h"
#include "sessions/checkpoints.h"

namespace moescope {

namespace {

/// Lays the settings of the command line over those of the checkpoint.
void apply_settings(const RunRequest& options, const std::string& name, RunConfig& config, PreparedRun& run) {
  for (const std::string& setting : options.config.settings) {
    apply_setting(config, setting);
    const std::string key = setting.substr(0, setting.find('='));
    if (key == "data.path") run.setup.other_data = true;
    if (find_field(key).adjust != Adjust::next_run) {
      run.setup.first_fields.push_back({key, get_field(config, key)});
    } else if (!says_where(key)) {
      throw ConfigError(key + " shapes the model or its data and cannot change when " + name +
                        " goes on; start a new run");
    }
  }
}

/// Two programs that go on with one run would each cut off what the other one adds to it.
void refuse_while_recorded(const SessionStore& store, const RunReader& reader, int64_t run_id) {
  const std::optional<WriterInfo> holder = WriterLock::holder(store.path());
  const RunSummary summary = reader.load_summary(run_id);
  const bool over = summary.interrupted || summary.state == RunState::finished || summary.state == RunState::failed;
  if (!holder || over) return;
  throw UserError("run " + std::to_string(run_id) + " is being recorded by " + describe(*holder) +
                  "; close that first, or begin a new run with --branch " + std::to_string(run_id) + "@STEP");
}

/// Reads the checkpoint to go on from, in the same run (--resume) or in a new one (--branch).
void prepare_from_checkpoint(const RunRequest& options, PreparedRun& run) {
  const bool branch = !options.branch.empty();
  if (branch && !options.resume.empty())
    throw UserError("--resume goes on with a run and --branch begins another; give one of them");
  if (!options.config.preset.empty() || !options.config.file.empty()) {
    throw UserError(std::string(branch ? "--branch" : "--resume") +
                    " goes on with the stored configuration; leave out --preset and --config, or change single "
                    "fields with --set");
  }
  const AskedMoment moment = asked_moment(branch ? options.branch : options.resume);
  if (!branch && moment.step) {
    throw UserError("--resume goes on from a run's last checkpoint; --branch " + options.resume +
                    " begins a new run there");
  }
  const SessionStore store = open_store_for_reading(options.store);
  const RunReader reader(store);
  const int64_t run_id = find_run(reader, moment.run, RunKind::model);
  const std::string name = "run " + std::to_string(run_id);
  if (!branch) refuse_trashed(reader, run_id);
  if (!branch) refuse_while_recorded(store, reader, run_id);
  const std::optional<CheckpointInfo> info = find_checkpoint(reader, run_id, moment.step);
  if (!info) throw UserError(name + " has no checkpoint to go on from; start it anew");
  auto bytes = std::make_shared<const std::vector<std::byte>>(load_checkpoint(store.database(), info->checkpoint_id));
  const CheckpointHead head = read_checkpoint(*bytes, name + "'s checkpoint").head;
  RunConfig config = head.config;
  run.trained_on = head.dataset_hash;
  apply_settings(options, name, config, run);
  run.setup.config = config;
  run.setup.resume_from = std::move(bytes);
  run.setup.resume_name = name + "'s checkpoint of step " + std::to_string(info->step);
  run.history = {run_id, info->step};
  if (branch) {
    run.setup.branched_from = std::to_string(run_id) + "@" + std::to_string(info->step);
  } else {
    run.resume = {run_id, info->step};
  }
}

}  // namespace

std::vector<std::string> idle_notes(const RunConfig& config, const std::vector<std::string>& settings) {
  std::vector<std::string> notes;
  for (const std::string& setting : settings) {
    const std::string why = why_idle(config, setting.substr(0, setting.find('=')));
    if (!why.empty()) notes.push_back(setting + " changes nothing: " + why);
  }
  return notes;
}

void add_run_options(CLI::App& command, RunRequest& request) {
  add_config_options(command, request.config);
  add_store_option(command, request.store);
  command.add_option("--resume", request.resume, "go on with a stored run: its number, its name, or latest")
      ->type_name("RUN");
  command.add_option("--branch", request.branch, "begin a new run at a stored checkpoint; `runs show RUN` lists them")
      ->type_name("RUN@STEP");
  command.add_option("--stop", request.stop, "steps=N,epochs=N,seconds=N,accuracy=X, whichever comes first")
      ->type_name("RULE");
}

std::vector<std::string> notes_before(const PreparedRun& run, const DatasetInfo& data) {
  std::vector<std::string> notes = run.notes;
  if (std::string left_out = warnings_text(data); !left_out.empty()) notes.push_back(std::move(left_out));
  if (!run.trained_on.empty() && run.trained_on != data.content_hash)
    notes.emplace_back("the data set differs from the one that the run saw, which data.path named by hand allows");
  return notes;
}

void lengthen_schedule(TrainConfig& train, const std::string& stop_rule) {
  if (stop_rule.empty()) return;
  const StopRule rule = parse_stop_rule(stop_rule);
  if (train.schedule_steps == 0 && rule.epochs) train.epochs = std::max(train.epochs, *rule.epochs);
}

PreparedRun prepare_run(const RunRequest& request) {
  PreparedRun run;
  run.store = store_path(request.store);
  if (request.resume.empty() && request.branch.empty())
    run.setup.config = chosen_config(request.config);
  else
    prepare_from_checkpoint(request, run);
  if (!request.stop.empty()) {
    parse_stop_rule(request.stop);  // a mistake is told before anything begins
    run.setup.stop_rule = request.stop;
    if (!run.setup.resume_from) lengthen_schedule(run.setup.config.train, request.stop);
  }
  run.notes = idle_notes(run.setup.config, request.config.settings);
  return run;
}

}  // namespace moescope
