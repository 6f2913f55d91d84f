// What a set of runs will cost, before the first of them begins.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "app/runs/sweep.h"

namespace moescope {

struct PlannedCost {
  size_t num_runs = 0, num_done = 0;  // of all runs
  int64_t steps = 0;                  // of those that are left, all together; 0: the stop rule does not say
  double tflop = 0;                   // of their training steps: 3 times forward (model_cost)
  double secs = -1;                   // at the speed of a stored run; -1: none is stored
  int64_t speed_run = 0;              // that run
  double bound_secs = -1;             // by seconds= of the stop rule
};

/// Opens the data set. Throws what a run would throw when it is prepared.
PlannedCost planned_cost(const std::filesystem::path& store, const std::vector<RunConfig>& left, size_t num_runs,
                         const std::string& stop);
/// The same of the cells of a sweep that are not done yet.
PlannedCost planned_cost(const std::filesystem::path& store, const std::string& stop, const std::string& sweep,
                         const std::vector<SweepCell>& cells);
/// "12 runs, 4 of them done; 3 200 steps, 46 TFLOP, about 34 min at the speed of run 3".
std::string cost_sentence(const PlannedCost& cost);

}  // namespace moescope
