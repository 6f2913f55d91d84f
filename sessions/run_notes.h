// What a person adds to a run: notes, a name, a star, the archive; and taking a run away for good.
#pragma once

#include <string>
#include <vector>

#include "compute/records/stored_run.h"
#include "sessions/database.h"

namespace moescope {

// All of these throw StoreError (missing) when there is no such run. The writing ones need a store opened for writing.

/// step -1: about the whole run. Returns the note's id.
int64_t add_note(const Database& database, int64_t run_id, int64_t step, const std::string& text);
std::vector<Note> read_notes(const Database& database, int64_t run_id);

void rename_run(const Database& database, int64_t run_id, const std::string& name);
void set_starred(const Database& database, int64_t run_id, bool starred);
/// Archived runs stay whole but are listed only when asked for.
void set_archived(const Database& database, int64_t run_id, bool archived);
/// The run and all that belongs to it, at once. Its id is never given again.
void delete_run(const Database& database, int64_t run_id);

}  // namespace moescope
