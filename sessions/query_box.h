// A question in SQL from a person: it can only look, it ends in time, and it returns no more than can be read.
#pragma once

#include <limits>
#include <string>

#include "compute/records/cell_table.h"
#include "sessions/session_store.h"

namespace moescope {

struct QueryLimits {
  int64_t rows = 10000;
  double secs = 10;
  int64_t bytes = int64_t{128} << 20;  // of the answer, and of each value on the way to it
};

/// Asks the store by a connection of its own. Throws UserError for what is no single SELECT, naming SQL's complaint,
/// for one that runs into limits.secs, and for a value beyond limits.bytes. An answer beyond limits.rows or
/// limits.bytes is cut.
CellTable ask_store(const SessionStore& store, const std::string& sql, QueryLimits limits = {});

/// At most max_rows of a statement that is ready to run, and rows until they hold max_bytes; cut says whether there
/// were more.
CellTable read_cells(Statement& select, int64_t max_rows, int64_t max_bytes = std::numeric_limits<int64_t>::max());

}  // namespace moescope
