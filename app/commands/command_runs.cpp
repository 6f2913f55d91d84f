// `moescope runs ...`: parses the flags, opens the store, prints or writes files.
#include "app/commands/command_runs.h"

#include <iostream>

#include "app/commands/command_runs_parts.h"
#include "app/options/run_lookup.h"
#include "app/options/store_path.h"
#include "app/runs/runs_report.h"
#include "compute/records/rl_config_fields.h"
#include "sessions/check.h"
#include "sessions/run_params.h"

namespace moescope {

namespace {

struct RunsOptions {
  std::string store, run;
  bool every_setting = false;
};

/// The settings of an agent; empty for other runs.
std::string agent_lines(const RunReader& reader, int64_t run_id, bool every_setting) {
  const ParamTexts params = read_params(reader.database(), run_id);
  std::string text;
  for (const FieldText& field : list_fields(RlConfig{})) {
    const auto own = params.find(std::string(field.field.key));
    if (!is_rl_field(field.field.key) || own == params.end()) continue;
    if (every_setting || own->second != field.value || field.field.key == "rl.game")
      text += "  " + own->first + " = " + own->second + "\n";
  }
  return text.empty() ? text
                      : "\nsettings of the agent" + std::string(every_setting ? "" : " that differ from the defaults") +
                            "\n" + text;
}

int show(const RunsOptions& options) {
  const SessionStore store = open_store_for_reading(options.store);
  const RunReader reader(store);
  const int64_t run_id = find_run(reader, options.run);
  std::cout << run_report(reader.load_run(run_id), options.every_setting)
            << agent_lines(reader, run_id, options.every_setting);
  return 0;
}

int check(const RunsOptions& options) {
  const std::filesystem::path path = store_path(options.store);
  const std::vector<std::string> findings = check_store(path);
  for (const std::string& finding : findings) std::cout << finding << "\n";
  if (findings.empty()) std::cout << path.string() << ": sound\n";
  return findings.empty() ? 0 : 1;
}

int compact(const RunsOptions& options) {
  const std::filesystem::path path = store_path(options.store);
  if (!std::filesystem::exists(path)) open_store_for_reading(options.store);  // says so
  const SessionStore store(path, SessionStore::Access::write);
  const auto before = std::filesystem::file_size(path);
  store.database().execute("PRAGMA wal_checkpoint(TRUNCATE); VACUUM; PRAGMA wal_checkpoint(TRUNCATE);");
  std::cout << path.string() << ": " << with_unit(static_cast<double>(before)) << "B before, "
            << with_unit(static_cast<double>(std::filesystem::file_size(path))) << "B now\n";
  return 0;
}

}  // namespace

void add_runs_command(CLI::App& program, Action& action) {
  CLI::App* runs = program.add_subcommand("runs", "what the session store holds");
  runs->require_subcommand(1);
  const auto options = std::make_shared<RunsOptions>();
  const auto add = [&](const char* name, const char* help, int (*run)(const RunsOptions&)) {
    CLI::App* command = runs->add_subcommand(name, help);
    add_store_option(*command, options->store);
    command->callback([&action, options, run] { action = [options, run] { return run(*options); }; });
    return command;
  };
  add_runs_list_commands(*runs, action);
  CLI::App* command = add("show", "one run in full", show);
  command->add_option("RUN", options->run, kRunHelp)->required();
  command->add_flag("--all", options->every_setting, "every setting, defaults too");

  add_runs_compare_command(*runs, action);
  add_runs_replay_command(*runs, action);

  add_runs_file_commands(*runs, action);
  add("check", "is the store sound? Exit status 1 when it is not", check);
  add("compact", "gives the space of deleted runs and replaced checkpoints back to the disk", compact);
  add_runs_edit_commands(*runs, action);
}

}  // namespace moescope
