// Parses the command line, runs the command, and turns failures into one sentence and an exit status.
#include "app/commands/cli.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <new>

#include "app/commands/command_bench.h"
#include "app/commands/command_conform.h"
#include "app/commands/command_doctor.h"
#include "app/commands/command_eval.h"
#include "app/commands/command_figure.h"
#include "app/commands/command_inspect.h"
#include "app/commands/command_plan.h"
#include "app/commands/command_recipe.h"
#include "app/commands/command_rl.h"
#include "app/commands/command_runs.h"
#include "app/commands/command_sweep.h"
#include "app/commands/command_train.h"
#include "app/commands/command_twins.h"
#include "app/commands/command_window.h"
#include "compute/core/error.h"
#include "compute/core/version.h"

namespace moescope {

namespace {

constexpr int kDefect = 1, kCannot = 2;

int complain(const std::string& sentence, int status) {
  std::cerr << "moescope: " << sentence << std::endl;
  return status;
}

/// Atari's Python is the one that ./test furnishes, where it has and nobody names another.
void name_python() {
  const std::filesystem::path python = std::filesystem::path(MOESCOPE_SOURCE_DIR) / "build/python/bin/python";
  if (std::filesystem::exists(python)) setenv("MOESCOPE_PYTHON", python.c_str(), 0);
}

}  // namespace

int run_cli(int argc, const char* const* argv) {
  name_python();
  CLI::App program("moescope: a workbench for mixture-of-experts vision models", "moescope");
  program.set_version_flag("--version", program_version());
  program.require_subcommand(0, 1);
  Action action;
  add_window_command(program, action);
  add_train_command(program, action);
  add_eval_command(program, action);
  add_inspect_command(program, action);
  add_conform_command(program, action);
  add_bench_command(program, action);
  add_plan_command(program, action);
  add_recipe_command(program, action);
  add_rl_command(program, action);
  add_runs_command(program, action);
  add_figure_command(program, action);
  add_sweep_command(program, action);
  add_twins_command(program, action);
  add_doctor_command(program, action);
  try {
    program.parse(argc, argv);
    return action();
  } catch (const CLI::Success& asked) {  // --help, --version
    return program.exit(asked);
  } catch (const CLI::ParseError& error) {
    return complain(std::string(error.what()) + "; `moescope --help` shows what there is", kCannot);
  } catch (const UserError& error) {
    return complain(error.what(), kCannot);
  } catch (const BackendError& error) {  // a device or the memory refused: it names the remedy
    return complain(error.what(), kCannot);
  } catch (const std::filesystem::filesystem_error& error) {  // a name too long, a folder that may not be looked into
    return complain(error.path1().string() + ": " + error.code().message() + "; name another file or folder", kCannot);
  } catch (const std::bad_alloc&) {
    return complain("out of memory; a smaller train.micro_batch or fewer compute.threads need less", kCannot);
  } catch (const std::exception& error) { return complain(std::string("internal error: ") + error.what(), kDefect); }
}

}  // namespace moescope
