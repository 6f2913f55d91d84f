// `moescope rl sweep`: every preset on every game with every seed, one run a core at once; what is stored already is
// left out and what was begun goes on, so the same command continues after a stop.
#include <iostream>
#include <map>
#include <set>

#include "app/agents/agent_resume.h"
#include "app/agents/rl_crew.h"
#include "app/commands/command_rl.h"
#include "app/options/number_checks.h"
#include "app/options/store_path.h"
#include "compute/backends/cpu_features.h"
#include "compute/records/rl_config_fields.h"
#include "compute/records/rl_presets.h"

namespace moescope {
namespace {

struct RlSweepOptions {
  std::vector<std::string> games, presets, settings;
  int64_t seeds = 5, at_once = 0;
  std::string store, stop;
};

ParamTexts texts_of(const RlConfig& config) {
  ParamTexts params;
  for (const FieldText& field : list_fields(config)) params[std::string(field.field.key)] = field.value;
  return params;
}

struct StoredRuns {
  std::set<std::string> done;                  // by agent_identity: ended by themselves
  std::map<std::string, int64_t> interrupted;  // the newest of those that stopped on the way and can go on
};

StoredRuns stored_runs(const std::filesystem::path& path) {
  const SessionStore store(path, SessionStore::Access::read);
  const RunReader reader(store);
  StoredRuns found;
  RunQuery oldest_first;
  oldest_first.order = "run_id";
  oldest_first.descending = false;
  for (const int64_t run_id : reader.list_ids(oldest_first)) {
    const std::string identity = agent_identity(read_params(reader.database(), run_id));
    const RunSummary run = reader.load_summary(run_id);
    const bool by_itself = run.state == RunState::finished && run.message != rl::kStoppedByRequest;
    if (by_itself || run.state == RunState::diverged)
      found.done.insert(identity);
    else if (run.num_checkpoints > 0)
      found.interrupted[identity] = run_id;
  }
  return found;
}

std::vector<RlConfig> all_configs(const RlSweepOptions& options) {
  std::vector<RlConfig> configs;
  for (int64_t seed = 0; seed < options.seeds; ++seed)
    for (const std::string& game : options.games)
      for (const std::string& preset : options.presets) {
        RlConfig config = load_rl_preset(preset, game);
        for (const std::string& setting : options.settings) apply_rl_setting(config, setting);
        config.seed = seed;
        validate(config);
        rl::make_environment(config);  // an unknown game is told before the first run
        configs.push_back(config);
      }
  return configs;
}

int rl_sweep(const RlSweepOptions& options) {
  const std::vector<RlConfig> configs = all_configs(options);
  const StopRule stop = parse_stop_rule(options.stop);
  if (stop.empty()) throw UserError("a sweep needs to know when each run ends; add --stop steps=N or seconds=N");
  RecorderOptions recording;
  recording.store = store_path(options.store);
  make_store_folder(recording.store);
  // The writer's lock, under which the runs' recorders are guests: a second sweep would train the same runs.
  const SessionStore claimed(recording.store, SessionStore::Access::write);
  const StopSignals signals;
  const StoredRuns stored = stored_runs(recording.store);
  std::vector<AgentJob> missing;
  for (const RlConfig& config : configs) {
    const std::string identity = agent_identity(texts_of(config));
    if (stored.done.contains(identity)) continue;
    AgentJob job;
    job.setup.config = config;
    job.setup.stop_rule = stop;
    if (const auto begun = stored.interrupted.find(identity); begun != stored.interrupted.end())
      job.resume_run = begun->second;
    missing.push_back(std::move(job));
  }
  const int64_t cores = cpu_features().physical_threads;
  run_agents(std::move(missing), recording, options.at_once > 0 ? options.at_once : cores, signals);
  return 0;
}

}  // namespace

void add_rl_sweep_command(CLI::App& rl, Action& action) {
  CLI::App* command = rl.add_subcommand("sweep", "presets on games with several seeds; the same command goes on");
  const auto options = std::make_shared<RlSweepOptions>();
  command->add_option("games", options->games, "what is played")->required();
  command->add_option("--presets", options->presets, "the arms, such as dqn,soft")->required()->delimiter(',');
  command->add_option("--seeds", options->seeds, "so many, from 0")->check(above_zero())->capture_default_str();
  command->add_option("--set", options->settings, "set one field in every run; may be repeated")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all();
  command->add_option("--at-once", options->at_once, "so many runs side by side, each on one thread; 0: one a core")
      ->check(CLI::NonNegativeNumber);
  command->add_option("--stop", options->stop, "steps=N,seconds=N of each run")->type_name("RULE");
  add_store_option(*command, options->store);
  command->callback([&action, options] { action = [options] { return rl_sweep(*options); }; });
}

}  // namespace moescope
