// A run's settings as rows: each field of the table as text, and the changes that commands made to them since.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "compute/records/event.h"
#include "sessions/database.h"

namespace moescope {

using ParamTexts = std::map<std::string, std::string>;  // key, value

/// The settings of a run that begins, as text: those of its configuration, then the further ones; with further ones
/// those about images (data.*, model.*) are left out.
std::vector<std::pair<std::string, std::string>> params_of(const RunStarted& start);
/// The further ones among stored texts.
std::vector<std::pair<std::string, std::string>> further_params(const ParamTexts& params);

void store_params(const Database& database, int64_t run_id, const RunStarted& start);

/// As the run began.
ParamTexts read_params(const Database& database, int64_t run_id);

/// As they were when `step` updates were done: the start, and every command up to and including that step, without
/// those that going back to a checkpoint (the command "restore", stored at the step it went back to) has undone.
ParamTexts read_params_at(const Database& database, int64_t run_id, int64_t step);

/// The configuration that the texts describe. What this version does not know or accept is left at its default and told
/// in `doubts`, one sentence each: a run of an older version must still open.
RunConfig to_config(const ParamTexts& params, std::vector<std::string>& doubts);

/// The facts that differ from what is stored, or are new, are stored as true from `since_step` on.
void store_environment(const Database& database, int64_t run_id, int64_t since_step, const Environment& environment);
/// The latest value of each fact, by key.
Environment read_environment(const Database& database, int64_t run_id);

}  // namespace moescope
