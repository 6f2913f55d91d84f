// Two or more models trained in lock step on the same batches, each a run like any other.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "compute/data/dataset.h"
#include "compute/records/run_config.h"
#include "compute/records/snapshot.h"

namespace moescope {

struct TwinsSetup {
  std::vector<RunConfig> configs;               // two or more; twin_configs() makes them agree
  std::filesystem::path store;                  // made when missing
  std::string group;                            // one word: the tag that they share
  std::string stop_rule;                        // empty: all of train.epochs
  bool beside = false;                          // a program that writes to the store started this one
  std::shared_ptr<const Dataset> dataset = {};  // null: opened from the first one's settings
};

/// How one of them stands.
struct TwinState {
  std::string name;
  int64_t run_id = 0, step = 0, total_steps = 0;  // total_steps 0: not known
  uint64_t batches_hash = 0;                      // over the numbers of all images trained on, in order
  RunState state = RunState::preparing;
  std::string message;
  double loss = 0, test_accuracy = -1;
};

/// The configurations with everything that decides which images come when, and how they are changed, as in the first:
/// data, seed, batch size, augmentation. Throws ConfigError for less than two.
std::vector<RunConfig> twin_configs(std::vector<RunConfig> configs);

/// Trains until one of them ends, which ends the others at the same step, evaluated if that one was: no twin is ever
/// more than one step ahead. Each step's images
/// are compared; other ones are a defect (std::logic_error). progress() is called after each step of all; when it
/// returns false they save and leave. What is recorded reaches the store twice a second; while it cannot be written to
/// it waits in memory, and the end throws what hinders it. Throws what hinders a run, too.
std::vector<TwinState> train_twins(const TwinsSetup& setup,
                                   const std::function<bool(const std::vector<TwinState>&)>& progress);

}  // namespace moescope
