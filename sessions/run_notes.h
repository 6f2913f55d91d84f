// What a person writes about a run.
#pragma once

#include <string>
#include <vector>

#include "compute/records/stored_run.h"
#include "sessions/database.h"

namespace moescope {

/// step -1: about the whole run. Returns the note's id. Needs a store opened to edit or to write. Throws StoreError
/// (missing) when there is no such run.
int64_t add_note(const Database& database, int64_t run_id, int64_t step, const std::string& text);
std::vector<Note> read_notes(const Database& database, int64_t run_id);

}  // namespace moescope
