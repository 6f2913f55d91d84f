// Answers the run table's questions: the order of all rows is read once, and then only the rows in view.
#pragma once

#include <span>
#include <vector>

#include "compute/records/run_table.h"
#include "sessions/run_reader.h"

namespace moescope {

class RunTableReader {
 public:
  /// The rows first_row, ... of the answer, at most num_rows. Costs a sort of all runs when the question is new or
  /// `changed` says that the store has other content, and only its rows otherwise.
  RunTable answer(const RunReader& reader, const RunTableQuestion& question, int64_t first_row, int64_t num_rows,
                  bool changed);

 private:
  void read_order(const RunReader& reader, const RunTableQuestion& question);

  RunTableQuestion question_;
  bool known_ = false;
  std::vector<int64_t> ids_;
  std::vector<RunTableGroup> groups_;
  std::vector<std::string> known_columns_;
};

/// The question as a query of the store.
RunQuery query_of(const RunTableQuestion& question);

}  // namespace moescope
