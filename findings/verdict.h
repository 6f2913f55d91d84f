// What three seeds can say about a claim: an inequality holds, fails, or is not settled.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "compute/eval/bootstrap.h"
#include "compute/records/verdict.h"

namespace moescope {

constexpr int64_t kFewestSeeds = 3;  // fewer settle nothing

/// Whether the mean is at least (at most) the bound: settled when its whole 95 % bootstrap interval lies on one side
/// and there are three seeds. A NaN fails: a run that diverged is not left out.
Check at_least(std::string text, std::span<const double> values, double bound, int decimals = 2);
Check at_most(std::string text, std::span<const double> values, double bound, int decimals = 2);

/// What was counted rather than drawn: no seed can change it, so one look settles it.
Check counted(std::string text, std::string found, bool holds);

/// Spearman's rank correlation; ties share their ranks. 0 for fewer than two points or no spread.
double spearman(std::span<const double> x, std::span<const double> y);

/// Not reproduced when a check fails, reproduced when all hold, else not settled.
Verdict overall(const std::vector<Check>& checks);

/// "0.081 [0.079, 0.084]".
std::string interval_text(const MeanInterval& mean, int decimals);

}  // namespace moescope
