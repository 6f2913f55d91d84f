// Evaluations that are made after a run, beside those that it recorded itself.
#pragma once

#include "compute/records/event.h"
#include "sessions/database.h"

namespace moescope {

/// The one way into the table: run_id, step, wall_secs, split, num_images, accuracy, loss, setting.
inline constexpr const char* kInsertEvaluation =
    "INSERT INTO evaluations (run_id, step, wall_secs, split, num_images, accuracy, loss, setting) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)";

/// Needs a store opened for writing. Throws StoreError when there is no such run.
void add_evaluation(const Database& database, int64_t run_id, const Evaluated& evaluation);

}  // namespace moescope
