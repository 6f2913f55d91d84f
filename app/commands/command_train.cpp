// Trains without a window.
#include "app/commands/command_train.h"

#include <iostream>

#include "app/options/backend_option.h"
#include "app/options/config_file.h"
#include "app/runs/headless.h"
#include "app/runs/run_request.h"
#include "app/terminal/text_table.h"

namespace moescope {

namespace {

struct TrainOptions {
  RunRequest run;
  bool list_presets = false, print_config = false;
};

int list_presets_on_stdout() {
  TextTable table({"preset", "what it is"});
  for (const Preset& preset : list_presets()) table.add({preset.name, preset.about});
  std::cout << table.aligned();
  return 0;
}

int train(const TrainOptions& options) {
  if (options.list_presets) return list_presets_on_stdout();
  if (options.print_config) {
    std::cout << config_as_json(chosen_config(options.run.config));
    return 0;
  }
  return train_headless(prepare_run(options.run));
}

}  // namespace

void add_train_command(CLI::App& program, Action& action) {
  CLI::App* command =
      program.add_subcommand("train", "trains without a window and records the run; exit status 1 when it diverges");
  const auto options = std::make_shared<TrainOptions>();
  add_run_options(*command, options->run);
  add_backend_option(*command, options->run.config.settings);
  command->add_flag("--list-presets", options->list_presets, "name every preset and leave");
  command->add_flag("--print-config", options->print_config, "print the configuration as JSON and leave");
  command->callback([&action, options] { action = [options] { return train(*options); }; });
}

}  // namespace moescope
