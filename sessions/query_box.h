// A question in SQL from a person: it can only look, it ends in time, and it returns no more rows than can be read.
#pragma once

#include <string>

#include "compute/records/cell_table.h"
#include "sessions/session_store.h"

namespace moescope {

struct QueryLimits {
  int64_t rows = 10000;
  double secs = 10;
};

/// Asks the store by a connection of its own. Throws UserError for what is no single SELECT, naming SQL's complaint,
/// and for one that runs into limits.secs.
CellTable ask_store(const SessionStore& store, const std::string& sql, QueryLimits limits = {});

/// At most max_rows of a statement that is ready to run; cut says whether there were more.
CellTable read_cells(Statement& select, int64_t max_rows);

}  // namespace moescope
