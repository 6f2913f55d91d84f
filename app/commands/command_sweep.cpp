// Goes through the cells: skips what is done, goes on with what was begun, and says how far it is.
#include "app/commands/command_sweep.h"

#include <chrono>
#include <cstdio>
#include <iostream>

#include "app/options/child_options.h"
#include "app/options/config_options.h"
#include "app/options/store_path.h"
#include "app/runs/headless.h"
#include "app/runs/planned_cost.h"
#include "app/runs/sweep.h"
#include "app/terminal/text_table.h"
#include "compute/core/clock.h"
#include "compute/records/stop_rule.h"
#include "sessions/run_edits.h"

namespace moescope {

namespace {

struct SweepOptions {
  ConfigOptions config;
  std::string store, stop, name = "sweep";
  std::vector<std::string> axes, lists;
  bool dry_run = false, beside = false, progress = false;
};

/// What came of each cell.
TextTable results(const std::filesystem::path& path, const std::string& sweep, const std::vector<SweepCell>& cells) {
  TextTable table({"cell", ">run", "state", ">step", ">test accuracy", ">test loss", ">time"});
  for (const SweepCell& cell : cells) {
    const CellState state = find_cell(path, sweep, cell);
    if (state.run_id == 0) {
      table.add({cell.name, "-", "to do", "-", "-", "-", "-"});
      continue;
    }
    const SessionStore store(path, SessionStore::Access::read);
    const RunSummary run = RunReader(store).load_summary(state.run_id);
    const bool done = state.progress == CellState::Progress::done;
    table.add({cell.name, std::to_string(run.run_id),
               !done                             ? "begun"
               : run.state == RunState::diverged ? "diverged"
                                                 : "done",
               std::to_string(run.step), or_dash(run.test_accuracy, 4),
               or_dash(run.test_loss, 4), duration(run.wall_secs)});
  }
  return table;
}

void say_progress(size_t cell, size_t num_cells, const std::string& name, double mean_secs) {
  const std::string eta =
      mean_secs > 0 ? ", about " + duration(mean_secs * static_cast<double>(num_cells - cell)) + " left" : "";
  std::fprintf(stderr, "cell %zu of %zu: %s%s\n", cell + 1, num_cells, name.c_str(), eta.c_str());
}

int sweep(const SweepOptions& options) {
  RunConfig base = chosen_config(options.config);
  lengthen_schedule(base.train, options.stop);
  const std::vector<SweepCell> cells = sweep_cells(base, options.axes, options.lists);
  const std::filesystem::path path = store_path(options.store);
  if (options.beside) end_with_parent();
  double secs = 0;
  size_t num_trained = 0;
  for (size_t i = 0; i < cells.size() && !options.dry_run; ++i) {
    const CellState state = find_cell(path, options.name, cells[i]);
    if (state.progress == CellState::Progress::done) continue;
    say_progress(i, cells.size(), cells[i].name, num_trained > 0 ? secs / static_cast<double>(num_trained) : 0);
    const auto begin = std::chrono::steady_clock::now();
    PreparedRun run = prepare_cell(options.store, options.stop, options.name, cells[i], state);
    run.beside = options.beside;
    run.tell_often = options.progress;
    const HeadlessRun done = run_headless(std::move(run));
    if (done.asked_to_stop) {
      std::cout << "stopped in cell " << i + 1 << " of " << cells.size() << "; the same command goes on there\n";
      return 0;
    }
    secs += secs_since(begin);
    ++num_trained;
    const SessionStore store(path, SessionStore::Access::edit);
    RunEditor(store).tag(std::vector<int64_t>{done.run_id}, options.name, true);
  }
  if (options.progress) {
    std::cout << "runs";
    for (const SweepCell& cell : cells) std::cout << " " << find_cell(path, options.name, cell).run_id;
    std::cout << "\n";
    return 0;
  }
  std::cout << results(path, options.name, cells).aligned();
  if (options.dry_run) std::cout << cost_sentence(planned_cost(path, options.stop, options.name, cells)) << "\n";
  return 0;
}

}  // namespace

void add_sweep_command(CLI::App& program, Action& action) {
  CLI::App* command = program.add_subcommand(
      "sweep", "trains a grid or a list of settings, one run each; the same command goes on after a stop");
  const auto options = std::make_shared<SweepOptions>();
  add_config_options(*command, options->config);
  add_store_option(*command, options->store);
  command
      ->add_option("--over", options->axes, "an axis of the grid: router.k=1,2,4 or train.seed=0,1,2; may be repeated")
      ->type_name("KEY=A,B,...")
      ->expected(1)
      ->take_all();
  command->add_option("--cell", options->lists, "one run of a list: \"router.k=2 train.seed=1\"; may be repeated")
      ->type_name("SETTINGS")
      ->expected(1)
      ->take_all();
  command
      ->add_option("--stop", options->stop, "of each run: steps=N,epochs=N,seconds=N,accuracy=X, whichever comes first")
      ->type_name("RULE");
  command->add_option("--name", options->name, "one word; its runs carry it as a tag")->capture_default_str();
  command->add_flag("--dry-run", options->dry_run,
                    "only list the cells, what is done of them and what the rest will cost");
  add_child_options(*command, options->beside, options->progress);
  command->callback([&action, options] { action = [options] { return sweep(*options); }; });
}

}  // namespace moescope
