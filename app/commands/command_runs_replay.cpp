// `moescope runs replay`.
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <iostream>

#include "app/commands/command_runs_parts.h"
#include "app/options/number_checks.h"
#include "app/options/run_lookup.h"
#include "app/options/store_path.h"
#include "app/runs/replay.h"

namespace moescope {

namespace {

struct ReplayOptions {
  std::string store, run;
  int64_t steps = -1;
  bool progress = false;
};

int replay(const ReplayOptions& options) {
  const SessionStore store = open_store_for_reading(options.store);
  const RunReader reader(store);
  const int64_t run_id = find_run(reader, options.run, RunKind::model);
  const bool aloud = isatty(STDERR_FILENO) != 0 && !options.progress;
  auto told = std::chrono::steady_clock::now();
  const ReplayResult result = replay_run(reader, run_id, options.steps, [&](int64_t step, int64_t last) {
    const auto now = std::chrono::steady_clock::now();
    if ((!aloud && !options.progress) || now - told < std::chrono::milliseconds(100)) return;
    told = now;
    std::fprintf(stderr, options.progress ? "step %lld of %lld\n" : "\r\033[Kstep %lld of %lld",
                 static_cast<long long>(step), static_cast<long long>(last));
  });
  if (aloud) std::fprintf(stderr, "\r\033[K");
  std::cout << "run " << run_id << ", steps " << result.first_step + 1 << " to " << result.last_step
            << " done again: " << result.num_losses << " losses and the weights of " << result.num_checkpoints
            << " checkpoints compared, " << (result.same() ? "all the same to the last bit\n" : "and they differ\n");
  for (const std::string& difference : result.differences) std::cout << "  " << difference << "\n";
  for (const std::string& change : result.surroundings) std::cout << "  not as it was: " << change << "\n";
  return result.same() ? 0 : 1;
}

}  // namespace

void add_runs_replay_command(CLI::App& runs, Action& action) {
  CLI::App* command = runs.add_subcommand(
      "replay", "trains a run again and compares every loss and checkpoint; exit status 1 when one differs");
  const auto options = std::make_shared<ReplayOptions>();
  add_store_option(*command, options->store);
  command->add_option("RUN", options->run, kRunHelp)->required();
  command->add_option("--steps", options->steps, "only the steps up to this one")->check(above_zero());
  command->add_flag("--progress", options->progress, "a line for every tenth of a second, for other programs");
  command->callback([&action, options] { action = [options] { return replay(*options); }; });
}

}  // namespace moescope
