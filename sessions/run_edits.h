// What a person changes about stored runs: a name, a star, the archive, tags, the trash. Each change can be undone.
#pragma once

#include <span>
#include <string>

#include "sessions/session_store.h"

namespace moescope {

/// Where a run is shown. Starred ones stand out, archived ones are listed only when asked for, and those in the trash
/// wait for empty_trash().
enum class RunMark { starred, archived, trashed };

/// Needs a store opened to edit or to write. Every call is one transaction, and one step of undo(). All throw
/// StoreError (missing) when there is no such run, and change nothing then.
class RunEditor {
 public:
  explicit RunEditor(const SessionStore& store);

  /// Throws UserError for an empty name.
  void rename(int64_t run_id, const std::string& name);
  /// Throws UserError when a run that is being recorded is to go to the trash.
  void mark(std::span<const int64_t> run_ids, RunMark mark, bool on);
  /// Adds or removes a tag. Throws UserError for one that is empty or holds a comma or a space.
  void tag(std::span<const int64_t> run_ids, const std::string& tag, bool on);

  /// Takes back the latest change of this kind that is not undone yet, whoever made it. Returns what it did, one line a
  /// run; empty when there is nothing left to undo.
  std::string undo();

  struct Emptied {
    int64_t num_runs = 0,
            free_bytes = 0;  // the file keeps its size: the space is used again, or `runs compact` frees it
  };
  /// Removes the runs in the trash, for good. Throws UserError, and removes none, when one of them is being recorded.
  Emptied empty_trash();

 private:
  class Batch;
  void require_run(int64_t run_id) const;
  std::string recorder_of(int64_t run_id) const;

  const SessionStore& store_;
  const Database& database_;
};

}  // namespace moescope
