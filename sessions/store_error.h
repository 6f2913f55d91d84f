// What can go wrong with a session store, as a sentence for a person and a kind for the program.
#pragma once

#include <filesystem>
#include <string>

#include "compute/records/error.h"

namespace moescope {

enum class StoreProblem {
  missing,      // no such file, or no such run in it
  not_a_store,  // not SQLite, or another program's SQLite
  damaged,      // truncated or malformed
  newer,        // written by a newer moescope
  locked,       // another process writes to it
  full,         // no room on the disk
  denied,       // permissions, read-only medium
  refused,      // a person's query that is no query, or wants to change something
  too_slow,     // a person's query that ran into its time limit
  too_large,    // a person's query that builds a value beyond its limit in bytes
  other,
};

/// Thrown by everything in sessions/. The message names the file, what happened and what to do.
struct StoreError : UserError {
  StoreError(StoreProblem kind, std::filesystem::path file, const std::string& sentence)
      : UserError("store " + file.string() + ": " + sentence), problem(kind), path(std::move(file)) {}

  /// True when the same write may succeed later without anybody repairing the file: keep the data and try again.
  bool retryable() const {
    return problem == StoreProblem::locked || problem == StoreProblem::full || problem == StoreProblem::denied;
  }

  StoreProblem problem;
  std::filesystem::path path;
};

}  // namespace moescope
