// The run table as a window shows it: which rows, in what order, with which columns; and the rows in view.
#pragma once

#include <string>
#include <vector>

#include "compute/records/cell_table.h"
#include "compute/records/stored_run.h"

namespace moescope {

/// Which runs, in what order. Columns are named as people type them: the run table's own, settings, metrics.
struct RunTableQuestion {
  std::string filter;                             // part of a name, "tag:paper", or a condition: router.k >= 2
  std::string order = "run_id";                   // a column
  bool descending = true;                         // runs without the value come last either way
  std::string group;                              // a column; empty: no groups
  std::string group_value = "test_accuracy";      // what groups are averaged by
  bool archived = false, trash = false;           // archived ones too; those in the trash and only those
  // besides number, name, state and tags, which a row has anyway
  std::vector<std::string> columns = {"test_accuracy", "step",    "router",  "time", "loss", "parameters",
                                      "gflops_per_image", "dataset", "started"};
  bool operator==(const RunTableQuestion&) const = default;
};

struct RunTableRow {
  RunSummary summary;
  std::vector<Cell> cells;                        // one a column asked for
};

/// The runs that agree in the group's column, which follow each other in the table.
struct RunTableGroup {
  std::string by;                                 // the value they share; empty: none
  int64_t first_row = 0, num_rows = 0;
  int64_t num_values = 0;                         // runs that have group_value
  double mean = 0, low = 0, high = 0;             // of it, with its 95 % bootstrap interval; NaN when a value is
  int64_t best_run = 0;                           // 0: none
};

/// Some rows of the answer, and how many there are in all.
struct RunTable {
  RunTableQuestion question;
  std::string refusal;                            // one sentence when the question cannot be: the rest is empty then
  int64_t num_rows = 0, first_row = 0;
  std::vector<RunTableRow> rows;                  // first_row, first_row + 1, ...
  std::vector<RunTableGroup> groups;              // in the order of the rows; empty without question.group
  std::vector<std::string> known_columns;         // what can be asked for: columns, settings, metrics
  double answer_ms = 0;
};

/// What a person changes about runs.
struct RunEdit {
  enum class What { rename, note, tag, untag, star, unstar, archive, unarchive, trash, restore, empty_trash, undo };
  What what = What::undo;
  std::vector<int64_t> runs;                      // none: empty_trash, undo
  std::string text;                               // name, note, tag
};

/// How a filter as typed is meant: as a condition when it holds an operator of one, else as words.
bool is_condition(const std::string& filter);

}  // namespace moescope
