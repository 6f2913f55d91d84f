// Opens the workbench on a run; where there is no display, says so and trains the same run in the terminal.
#include "app/commands/command_window.h"

#include <cmath>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string_view>
#include <vector>

#include "app/commands/go_on.h"
#include "app/doors/agent_stage.h"
#include "app/doors/findings_reader.h"
#include "app/doors/run_controller.h"
#include "app/doors/saved_view.h"
#include "app/doors/session_browser.h"
#include "app/models/demo_models.h"
#include "app/options/store_path.h"
#include "app/runs/headless.h"
#include "app/runs/run_request.h"
#include "app/terminal/stop_signals.h"
#include "app/tools/display_probe.h"
#include "compute/records/nearest_name.h"
#include "compute/records/test_image.h"
#include "window/window.h"

namespace moescope {

namespace {

struct WorkbenchOptions {
  RunRequest run;
  std::string file;  // positional: a store or a link
  bool light = false, paused = false;
  float scale = 0;
};

/// A word that is neither a file nor looks like one was meant as a command.
void refuse_unknown_command(const std::string& word, const CLI::App& program) {
  if (word.empty() || word.find_first_of("./") != std::string::npos || std::filesystem::exists(word)) return;
  std::vector<std::string> names;
  for (const CLI::App* command : program.get_subcommands(nullptr)) names.push_back(command->get_name());
  const std::vector<std::string_view> views(names.begin(), names.end());
  throw UserError("there is no command '" + word + "'; did you mean '" + std::string(nearest_name(word, views)) +
                  "'? (a session store is named by its file, such as ./" + word + ".db)");
}

/// Flags of the window mean nothing to a command; ignored, `--store` would lead to another store than the one named.
void refuse_flags_before(const CLI::App& program) {
  const std::string command = program.get_subcommands().front()->get_name();
  for (const CLI::Option* option : program.get_options())
    if (option->count() > 0 && !option->get_lnames().empty())
      throw UserError("--" + option->get_lnames().front() + " stands before '" + command +
                      "', where it is the window's; write it behind the command");
}

/// Whoever starts the program for the first time, asking for nothing, sees maps with structure at once: a new run that
/// trains on from the demo's last step, for three epochs.
bool begin_with_demo(const WorkbenchOptions& options, RunRequest& request) {
  constexpr int64_t kMoreEpochs = 3;
  const ConfigOptions& config = request.config;
  const std::filesystem::path store = store_path(request.store);
  if (!config.preset.empty() || !config.file.empty() || !config.settings.empty() || !request.resume.empty() ||
      !request.branch.empty() || !request.stop.empty() || is_link(options.file) || std::filesystem::exists(store) ||
      !probe_display().usable)
    return false;
  request.branch = bring_demos(store);
  if (request.branch.empty()) return false;
  const int64_t epochs = kMoreEpochs + static_cast<int64_t>(std::ceil(prepare_run(request).setup.config.train.epochs));
  request.config.settings = {"train.epochs=" + std::to_string(epochs)};
  request.stop = "epochs=" + std::to_string(epochs);
  return true;
}

/// Ctrl+C in the terminal, or the end of the session, saves and leaves without a question that nobody may see.
panels::Leave until_closed(Window& window, const StopSignals& signals) {
  while (!signals.asked() && window.turn(0.5)) {}
  if (!signals.asked()) return window.leave();
  std::cerr << "Saving; Ctrl+C again leaves at once." << std::endl;
  return panels::Leave::save;
}

int open_workbench(const WorkbenchOptions& options) {
  RunRequest request = options.run;
  std::optional<ViewLink> link;
  if (is_link(options.file)) {
    link = link_from_text(options.file);
    if (request.resume.empty() && request.branch.empty()) request.resume = link->run;
  } else if (request.store.empty()) {
    request.store = options.file;
  }
  const bool demo = begin_with_demo(options, request);
  PreparedRun run = prepare_run(request);
  run.setup.start_paused = options.paused || link.has_value();
  run.setup.watched = {test_image(0)};  // something to see with the first snapshot

  if (const DisplayProbe display = probe_display(); !display.usable) {
    if (link) {
      throw UserError("a link opens in the window, and none can be opened here (" + display.words +
                      "); `moescope inspect '" + options.file + "' image` prints what it is about");
    }
    std::cerr << "No window here (" << display.words << "); training in the terminal instead, Ctrl+C saves and leaves."
              << std::endl;
    return train_headless(std::move(run));
  }
  WindowOptions window_options;
  window_options.dark = !options.light;
  window_options.scale = options.scale;
  window_options.log = [](const std::string& line) { std::cerr << line << std::endl; };
  const std::filesystem::path store = std::filesystem::absolute(run.store);
  const int64_t threads = run.setup.config.compute.threads;
  const StopSignals signals;  // until the run is saved: a second Ctrl+C leaves at once
  RunController controller(std::move(run));
  SessionBrowser browser(store, store.parent_path() / "figures");
  FindingsReader findings(store, store.parent_path() / "findings");
  AgentStage agents(store, store.parent_path() / "episodes", threads);
  panels::Leave leave;
  std::shared_ptr<const Snapshot> latest;
  {
    Window window(window_options, controller, &browser, &findings, &agents);
    const std::string opened = load_view(store);
    window.workspace().restore_view(opened);
    if (options.light) window.workspace().dark = false;
    if (link) window.workspace().follow(*link);
    if (demo)
      window.workspace().banner().tell(
          "This model was trained before and trains on; ./run --preset default begins with a new one");
    leave = until_closed(window, signals);
    latest = window.snapshot();
    save_view(store, merged_view(opened, load_view(store), window.view_text()));
  }
  return leave == panels::Leave::go_on ? go_on_in_terminal(controller, std::move(latest), store) : 0;
}

}  // namespace

void add_window_command(CLI::App& program, Action& action) {
  const auto options = std::make_shared<WorkbenchOptions>();
  add_run_options(program, options->run);
  program.add_option("file", options->file, "session store to open, or a link (moescope://run/3?...), which opens paused")
      ->type_name("STORE");
  program.add_flag("--light", options->light, "begin in the light theme (D switches)");
  program.add_flag("--paused", options->paused, "wait for T before training");
  program.add_option("--scale", options->scale, "pixels per design unit; default: the display's")
      ->check(CLI::Range(0.5, 4.0));
  program.callback([&program, &action, options] {
    if (!program.get_subcommands().empty()) return refuse_flags_before(program);
    refuse_unknown_command(options->file, program);
    action = [options] { return open_workbench(*options); };
  });
}

}  // namespace moescope
