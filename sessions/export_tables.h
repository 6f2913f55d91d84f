// What both exports agree on: which tables a run has, and how a cell is read.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "sessions/database.h"

namespace moescope {

struct ExportTable {
  std::string_view name;    // of the file, or the JSON member
  std::string_view source;  // table or view
  std::string_view order;   // columns that put the rows in order
};

constexpr std::array<ExportTable, 10> kExportTables = {{
    {"run", "run_summaries", "run_id"},
    {"params", "params", "key"},
    {"environment", "environment", "key, since_step"},
    {"metrics", "metrics", "key, step, wall_secs"},
    {"commands", "commands", "command_id"},
    {"evaluations", "evaluations", "evaluation_id"},
    {"events", "events", "event_id"},
    {"notes", "notes", "note_id"},
    {"checkpoints", "checkpoints", "checkpoint_id"},
    {"routing_maps", "routing_maps", "map_id"},
}};

/// Whether a NULL in this column of this row is a NaN rather than nothing: see schema/001_tables.sql.
bool null_is_nan(const Statement& row, const std::string& column);

/// The shortest decimal that reads back as the same bits; nan, inf and -inf for the others.
std::string number_text(double value);

}  // namespace moescope
