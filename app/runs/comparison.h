// Stored runs side by side: what differs, how they learned, what they cost, and where their patches go.
#pragma once

#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/runs/report_page.h"
#include "compute/eval/curves.h"
#include "compute/eval/routing_distance.h"
#include "compute/records/run_comparison.h"
#include "sessions/run_reader.h"

namespace moescope {

/// One side: a run, at its end or as it was after some steps.
struct ComparedRun {
  StoredRun run;                                             // its config as it was at that step, knobs included
  int64_t step = 0;                                          // routing is that of the last stored maps at or before it
  std::string label;                                         // "3 vmoe-s", "3 vmoe-s at step 400"
  std::vector<std::pair<std::string, std::string>> further;  // settings of an agent; empty: none
  std::optional<double> episode_return;                      // an agent's, the last reported
};

/// RUN or RUN@STEP, as find_run takes the first. Throws UserError, also when the run has not come that far.
ComparedRun find_compared(const RunReader& reader, const std::string& asked);

/// Runs that agree in every setting, an agent's too, but name, seed, threads and paths: seeds of one experiment. Of two
/// runs with the same seed the second one says nothing new about the spread: it stands alone.
struct SeedGroup {
  std::string label;
  std::vector<size_t> runs;  // positions in the list given
};
std::vector<SeedGroup> seed_groups(const std::vector<ComparedRun>& runs);

/// Some steps of a run.
struct StepRange {
  int64_t first = 0, last = std::numeric_limits<int64_t>::max();
};

/// The mean over the runs of a group of a metric, with its interval; long series by the means of their pieces.
MeanCurve group_curve(const RunReader& reader, const std::vector<ComparedRun>& runs, const SeedGroup& group,
                      const std::string& key, StepRange range = {});

/// What differs between them. A refusal is told in its sentence.
RunComparison compared_runs(const RunReader& reader, const std::vector<RunMoment>& moments);
RunComparison what_differs(const RunReader& reader, const std::vector<ComparedRun>& runs);

/// What one run reached and what it costs at its step; NaN where it is not known.
struct RunCost {
  double accuracy = 0, gflops_per_image = 0, ms_per_image = 0, parameters = 0;
};
RunCost cost_of(const RunReader& reader, const ComparedRun& run);

/// Over the images whose maps both sides stored; empty when they have none in common.
std::vector<RoutingDistance> stored_routing_distance(const RunReader& reader, const ComparedRun& a,
                                                     const ComparedRun& b);

/// The headings of the sections that can have a picture.
std::string curve_heading(const std::string& key);
constexpr const char* kParetoHeading = "Accuracy against compute";

/// All of it. The other runs' routing is compared with the first one's.
ReportPage compare_runs(const RunReader& reader, const std::vector<ComparedRun>& runs,
                        const std::vector<std::string>& curve_keys);

}  // namespace moescope
