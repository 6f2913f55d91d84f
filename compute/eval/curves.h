// Curves of several runs as one: their mean with its interval at every step; and which runs nobody beats.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "compute/eval/bootstrap.h"

namespace moescope {

/// A series, x ascending.
struct RunSeries {
  std::vector<double> x, y;
};

struct MeanCurve {
  std::vector<double> x;
  std::vector<MeanInterval> y;  // over the curves that reach x: a run that ended early counts as far as it went
};

/// At no more than max_points places, which are those that the curves have. Between two points of a curve its value is
/// on their straight line; a NaN in one makes the mean NaN there.
MeanCurve mean_curve(std::span<const RunSeries> curves, size_t max_points = 200);

/// For each point whether another one costs no more and gains no less, and is better in one of the two. Points with a
/// NaN are dominated and dominate none.
std::vector<bool> dominated(std::span<const double> costs, std::span<const double> gains);

}  // namespace moescope
