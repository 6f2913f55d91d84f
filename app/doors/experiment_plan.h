// What the window asks for as a sweep, twins or a recipe: the command line that does it, and what that will come to.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "window/experiment.h"

namespace moescope {

/// The words of the command line that does it: "sweep", "--preset", ...; without --store and what is for programs.
std::vector<std::string> experiment_arguments(const ExperimentAsk& ask);
/// The tag that finds its runs afterwards.
std::string experiment_tag(const ExperimentAsk& ask);

/// Everything that `sweep --dry-run` and `twins` would find wrong is the refusal.
ExperimentPlan plan_experiment(const std::filesystem::path& store, const ExperimentAsk& ask);

}  // namespace moescope
