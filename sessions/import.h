// A run back into a store from the texts that export.h writes.
#pragma once

#include <filesystem>
#include <string>

#include "sessions/session_store.h"

namespace moescope {

/// A new run from the JSON of export_json: settings, surroundings, metrics, commands, evaluations, states and notes,
/// each number to the last bit, NaN and infinities too. Checkpoints and routing maps stay behind: the one is not in the
/// file, the other can be made again from weights. Returns the run's id. Throws UserError naming the file and what is
/// wrong. `name`: of the new run; empty: the one in the file.
int64_t import_json(const SessionStore& store, const std::filesystem::path& file, const std::string& name = "");

/// The same from the folder of export_csv.
int64_t import_csv(const SessionStore& store, const std::filesystem::path& folder, const std::string& name = "");

}  // namespace moescope
