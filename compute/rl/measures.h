// How a value network is doing inside: dormant units counted for each expert, rank and norm of its features, who gets
// the gradient. PAPERS 3.3.
#pragma once

#include <vector>

#include "compute/records/expert_load.h"
#include "compute/records/metric.h"
#include "compute/rl/learner.h"

namespace moescope::rl {

/// A unit is dormant when its mean activation over the batch is at most this share of the mean over its expert's units
/// (Sokar et al., arXiv:2302.12902, whose figures are drawn at 0.025).
inline constexpr double kDormant = 0.025;

struct RlMeasures {
  double dormant = 0;                  // share of all hidden units of the penultimate layer
  std::vector<double> dormant_of;      // of each expert's units
  int64_t effective_rank = 0;          // singular values of the features (B,F) that hold 99 % of their sum
  double feature_norm = 0;             // mean over the batch of the features' L2 norm
  std::vector<double> gradient_share;  // of the experts' squared gradients
  ExpertLoad load;                     // of the batch; router dense: there are no experts
};

/// About the learner's last update.
RlMeasures measure_update(const Learner& learner);

/// The share of the units of (R,H) rows whose mean activation, after the ReLU, is at most kDormant of the mean of all.
double dormant_share(const float* rows, int64_t num_rows, int64_t units);
/// Of the rows of x (R,F); R is small.
int64_t effective_rank(const Tensor& x);

/// "rl/dormant", "rl/effective_rank", "rl/feature_norm", "layer0/dormant/e3", "layer0/gradient_share/e3",
/// "layer0/load/e3", "layer0/entropy", ... all at `step`.
void append_metrics(const RlMeasures& measures, int64_t step, double wall_secs, std::vector<Metric>& metrics);

}  // namespace moescope::rl
