// The door to the commands about agents.
#include "app/commands/command_rl.h"

namespace moescope {

void add_rl_command(CLI::App& program, Action& action) {
  CLI::App* command = program.add_subcommand("rl", "value-based agents that learn games, their layer a mixture or not");
  command->require_subcommand(1);
  add_rl_train_command(*command, action);
  add_rl_eval_command(*command, action);
  add_rl_play_command(*command, action);
  add_rl_sweep_command(*command, action);
  add_rl_stats_command(*command, action);
}

}  // namespace moescope
