// What a person asks for when a run is to begin or to go on, the same for a terminal and for the window.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "app/options/config_options.h"
#include "app/runs/recorder.h"
#include "compute/records/command.h"
#include "compute/train/run_loop.h"

namespace CLI {
class App;
}

namespace moescope {

struct RunRequest {
  ConfigOptions config;
  std::string store, resume, branch, stop;
};

/// Adds --preset, --config, --set, --store, --resume, --branch and --stop. `request` must outlive the parsing.
void add_run_options(CLI::App& command, RunRequest& request);

/// A request with everything looked up that can be wrong about it.
struct PreparedRun {
  RunSetup setup;
  std::filesystem::path store;
  std::optional<RecorderOptions::Resume> resume;   // record into this run, whose checkpoint is in setup.resume_from
  std::optional<RecorderOptions::Resume> history;  // the run and step whose past is this run's past too
  std::string trained_on;                          // DatasetInfo::content_hash of the checkpoint; empty: a new run
  std::vector<std::string> notes;                  // what was asked for and changes nothing, a sentence each
  bool beside = false;                             // a program that writes to the store started this one
  bool tell_often = false;                         // progress as a line ten times a second, for other programs
};

/// What of `settings` ("key=value", already in `config`) changes nothing there, and why, a sentence each.
std::vector<std::string> idle_notes(const RunConfig& config, const std::vector<std::string>& settings);

/// What a person should know before hours of training, a sentence each: the run's notes, images that were left out, and
/// other images than the run saw.
std::vector<std::string> notes_before(const PreparedRun& run, const DatasetInfo& data);

/// A new run that is asked to go further than its schedule gets a schedule of that length. An empty rule asks nothing;
/// throws ConfigError for a bad one.
void lengthen_schedule(TrainConfig& train, const std::string& stop_rule);

/// Throws UserError: unknown preset or field, a bad stop rule, no such run or no checkpoint of it, a setting that
/// cannot change when a run goes on.
PreparedRun prepare_run(const RunRequest& request);

}  // namespace moescope
