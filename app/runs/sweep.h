// A sweep: a queue of runs that differ in some settings, each a run like any other; what is done stays done.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "app/runs/run_request.h"
#include "compute/records/run_config.h"
#include "sessions/run_reader.h"

namespace moescope {

/// One run of a sweep.
struct SweepCell {
  std::vector<std::string> settings;  // "router.k=2", laid over the base
  std::string name;                   // "router.k=2 train.seed=1": how the store knows it again
  RunConfig config;
};

/// All combinations of "key=a,b,c" axes, the last one changing fastest; with lists ("router.k=2 train.seed=1" each)
/// instead of axes, those. Throws ConfigError for what is no setting, a key twice, both or neither of the two, and a
/// configuration that cannot be.
std::vector<SweepCell> sweep_cells(const RunConfig& base, const std::vector<std::string>& axes,
                                   const std::vector<std::string>& lists);

/// How far a cell has come.
struct CellState {
  enum class Progress { to_do, begun, done } progress = Progress::to_do;
  int64_t run_id = 0;  // of the run that did it, or that goes on with it
};

/// Looks for the cell among the runs of the sweep in the store. A run counts as done when it finished by its stop rule
/// or diverged, and as begun when it has a checkpoint. Throws UserError when its settings are not those of the cell:
/// the sweep of this name was another one.
CellState find_cell(const RunReader& reader, const std::string& sweep, const SweepCell& cell);
/// The same in a store that need not be there yet.
CellState find_cell(const std::filesystem::path& store, const std::string& sweep, const SweepCell& cell);

/// The run that does the cell or goes on with it, with the facts by which find_cell knows it. Throws as prepare_run.
PreparedRun prepare_cell(const std::string& store, const std::string& stop, const std::string& sweep,
                         const SweepCell& cell, const CellState& state);

}  // namespace moescope
