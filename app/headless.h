// A run without a window: the trainer's thread, the recorder, and a line of progress; Ctrl+C saves and leaves.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "compute/records/command.h"
#include "compute/train/run_loop.h"

namespace moescope {

struct HeadlessOptions {
  RunSetup setup;               // leave_when_finished is set here
  std::filesystem::path store;  // its folder is made when missing
  struct Resume {
    int64_t run_id = 0, step = 0;
  };
  std::optional<Resume> resume;        // record into this run, whose checkpoint is in setup.resume_from
  std::vector<SetField> first_fields;  // live settings to change before the first step, recorded as commands
};

/// Trains to the end of the stop rule or until SIGINT or SIGTERM, recording all of it. Progress goes to stderr, the
/// result to stdout. Returns 0; throws UserError when the run cannot begin, fails or diverges, and StoreError.
int train_headless(HeadlessOptions options);

}  // namespace moescope
