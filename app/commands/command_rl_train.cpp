// `moescope rl train`: from flags to a run of an agent, a new one or a stored one that goes on.
#include <iostream>

#include "app/agents/agent_resume.h"
#include "app/agents/rl_headless.h"
#include "app/commands/command_rl.h"
#include "app/options/run_lookup.h"
#include "app/options/store_path.h"
#include "app/terminal/text_table.h"
#include "app/tools/exit_status.h"
#include "compute/records/rl_config_fields.h"
#include "compute/records/rl_presets.h"

namespace moescope {
namespace {

struct RlTrainOptions {
  std::string game, preset, store, resume, stop;
  std::vector<std::string> settings;
  int64_t seed = -1;
  bool list_presets = false, list_settings = false;
};

int print_presets() {
  TextTable table({"preset", "what it is"});
  for (const RlPreset& preset : rl_presets()) table.add({std::string(preset.name), std::string(preset.about)});
  std::cout << table.aligned();
  return 0;
}

int print_settings(const RlConfig& config) {
  TextTable table({"setting", "value", "what it is"});
  for (const FieldText& f : list_fields(config))
    table.add({std::string(f.field.key), f.value, std::string(f.field.help)});
  std::cout << table.aligned();
  return 0;
}

RlConfig config_of(const RlTrainOptions& options) {
  RlConfig config = load_rl_preset(options.preset, options.game);
  for (const std::string& setting : options.settings) apply_rl_setting(config, setting);
  if (options.seed >= 0) config.seed = options.seed;
  validate(config);
  return config;
}

/// What may change when a run goes on: nothing that decides what it computes.
void apply_on_resume(const RlTrainOptions& options, RlConfig& config) {
  if (!options.preset.empty() || !options.game.empty() || options.seed >= 0)
    throw UserError("--resume goes on with the stored game, preset and seed; leave them out");
  for (const std::string& setting : options.settings) {
    const std::string key = setting.substr(0, setting.find('='));
    if (key != "name" && !key.ends_with("threads") && !key.ends_with("checkpoint_secs"))
      throw ConfigError(key + " decides what the run computes and cannot change when it goes on; start a new run");
    apply_rl_setting(config, setting);
  }
}

struct PreparedRlRun {
  rl::RlSetup setup;
  RecorderOptions recording;
};

PreparedRlRun prepare(const RlTrainOptions& options) {
  PreparedRlRun run;
  run.recording.store = store_path(options.store);
  run.setup.stop_rule = parse_stop_rule(options.stop);
  if (options.resume.empty()) {
    if (options.game.empty()) throw UserError("no game is named; write one, for example `moescope rl train breakout`");
    run.setup.config = config_of(options);
    return run;
  }
  const SessionStore store = open_store_for_reading(options.store);
  const RunReader reader(store);
  const int64_t run_id = find_run(reader, options.resume, RunKind::agent);
  refuse_trashed(reader, run_id);
  go_on_with(reader, run_id, run.setup, run.recording);
  apply_on_resume(options, run.setup.config);
  return run;
}

int rl_train(const RlTrainOptions& options) {
  if (options.list_presets) return print_presets();
  if (options.list_settings) return print_settings(config_of(options));
  PreparedRlRun prepared = prepare(options);
  const StopSignals signals;
  return exit_status_of(run_agent(std::move(prepared.setup), prepared.recording, signals));
}

}  // namespace

void add_rl_train_command(CLI::App& rl, Action& action) {
  CLI::App* command = rl.add_subcommand(
      "train", "trains an agent without a window and records the run; exit status 1 when it diverges");
  const auto options = std::make_shared<RlTrainOptions>();
  command->add_option("game", options->game,
                      "asterix, breakout, freeway, seaquest, space_invaders, cartpole, acrobot, or atari:ROM");
  command->add_option("--preset", options->preset, "where to start from (default: dqn, for classic control classic)")
      ->type_name("NAME");
  command->add_option("--set", options->settings, "set one field, such as rl.experts=4; may be repeated")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all();
  command->add_option("--seed", options->seed, "seed of everything random")->check(CLI::NonNegativeNumber);
  command->add_option("--stop", options->stop, "steps=N,seconds=N, whichever comes first; default: Ctrl+C")
      ->type_name("RULE");
  command->add_option("--resume", options->resume, "go on with a stored run: its number, its name, or latest")
      ->type_name("RUN");
  add_store_option(*command, options->store);
  command->add_flag("--list-presets", options->list_presets, "name every preset and leave");
  command->add_flag("--list-settings", options->list_settings, "print every setting and leave");
  command->callback([&action, options] { action = [options] { return rl_train(*options); }; });
}

}  // namespace moescope
