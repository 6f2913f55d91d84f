// The papers' small experiments that are no vision transformer: a layer of its own, trained or not, and what is
// measured on it. Each arm and seed is one case; cases know nothing of each other and may run side by side.
#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "compute/records/metric.h"
#include "compute/records/run_config.h"

namespace moescope {

/// What a recipe gives a study besides the configuration: "random_seeds" -> {10}, "kept_shares" -> {0.5, 0.25}.
using Numbers = std::map<std::string, std::vector<double>>;
/// What was measured, by name: "loss", "kept/4/combine".
using Values = std::map<std::string, double>;

struct StudyCase {
  RunConfig config;  // width, experts, router, optimiser, steps, seed; what a study does not read has no effect
  Numbers numbers;
};

struct StudyOutcome {
  Values values;
  std::vector<Metric> curve;  // on the way, wall_secs since the case began
  int64_t steps = 0, num_parameters = 0;
  double gflops_per_image = 0;
  std::string dataset, dataset_hash;  // of drawn inputs: what they are
};

/// Told the share done; false: stop here, throw StudyStopped.
using StudyProgress = std::function<bool(double done)>;

struct StudyStopped {};

/// Computes on the calling thread alone. Throws ConfigError and DataError.
using Study = std::function<StudyOutcome(const StudyCase&, const StudyProgress&)>;

/// Throws ConfigError naming the nearest.
Study find_study(const std::string& name);
/// One that this room cannot make, because it needs what only the program knows. Before any thread looks for it.
void offer_study(const std::string& name, Study study);

/// Several cases in lock step on the calling thread, to the same bits as alone, for less: what they share is made once.
/// They must be of the same course.
struct SideBySide {
  std::function<std::vector<StudyOutcome>(std::span<const StudyCase>, const StudyProgress&)> run;
  size_t most = 1;  // cases at once, so that three seeds of a recipe's arms still share out evenly among threads
};
/// A null `run`: this study's cases are computed one after another.
SideBySide find_side_by_side(const std::string& name);
/// That both learn from the same data in the same steps: every data.* and train.* is the same, the seed too.
bool same_course(const RunConfig& a, const RunConfig& b);

/// The number `key` of a recipe; the fallback when the recipe does not give it.
double number_of(const Numbers& numbers, const std::string& key, double fallback);

StudyOutcome norm_function(const StudyCase& study, const StudyProgress& progress);
std::vector<StudyOutcome> norm_functions(std::span<const StudyCase> cases, const StudyProgress& progress);
StudyOutcome proof_inputs(const StudyCase& study, const StudyProgress& progress);
StudyOutcome single_layer(const StudyCase& study, const StudyProgress& progress);
std::vector<StudyOutcome> single_layers(std::span<const StudyCase> cases, const StudyProgress& progress);
StudyOutcome agent_study(const StudyCase& study, const StudyProgress& progress);
StudyOutcome layer_time(const StudyCase& study, const StudyProgress& progress);

}  // namespace moescope
