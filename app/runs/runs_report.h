// Stored runs in words: the table of all, one run in full, two or more side by side.
#pragma once

#include <string>
#include <vector>

#include "app/terminal/text_table.h"
#include "compute/records/run_comparison.h"
#include "sessions/run_reader.h"

namespace moescope {

TextTable runs_table(const std::vector<RunSummary>& runs);
/// What a query answered: numbers to the right, "-" where nothing is.
TextTable cells_table(const CellTable& cells);

/// Everything about one run but its series: result, changed settings, surroundings, commands, evaluations, checkpoints,
/// notes. With every_setting also the settings that are at their defaults.
std::string run_report(const StoredRun& run, bool every_setting);

/// The settings in which the runs differ, and their results: one column a run.
TextTable comparison_table(const RunComparison& comparison);

}  // namespace moescope
