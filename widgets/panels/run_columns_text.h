// How the columns of the run table look: their heading, width, side and the text of a cell.
#pragma once

#include <string>
#include <string_view>

#include "compute/records/run_table.h"
#include "widgets/ui/draw.h"

namespace moescope::panels {

/// "test_accuracy" -> "test acc"; a setting or a metric keeps its name.
std::string column_heading(std::string_view column);
/// In design units.
float column_width(std::string_view column);
bool is_number_column(std::string_view column, const Cell& cell);
/// "–" where nothing is; the NaN of a run that has the value is told as such.
std::string cell_text(std::string_view column, const Cell& cell, const RunSummary& run);

/// "live", "interrupted", ... with its colour.
struct StateWord {
  std::string word;
  ImU32 color = 0;
};
StateWord state_of(const RunSummary& run);

}  // namespace moescope::panels
