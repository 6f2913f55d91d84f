// The subcommands of `runs`, by what they are about; command_runs.cpp puts them together.
#pragma once

#include <CLI/CLI.hpp>

#include "app/tools/action.h"

namespace moescope {

constexpr const char* kRunHelp = "a run's number, its name, or latest";

/// list, query: the run table, and questions in SQL.
void add_runs_list_commands(CLI::App& runs, Action& action);
/// compare: two or more runs, or one run at two steps, in every respect.
void add_runs_compare_command(CLI::App& runs, Action& action);
/// replay: trains a run again and compares.
void add_runs_replay_command(CLI::App& runs, Action& action);
/// export, import: runs as files of other programs.
void add_runs_file_commands(CLI::App& runs, Action& action);
/// note, rename, star, archive, tag, trash, undo, ...: what a person changes.
void add_runs_edit_commands(CLI::App& runs, Action& action);

}  // namespace moescope
