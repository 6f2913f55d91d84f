// norm-function's training piece by piece, for those who watch it.
#pragma once

#include <memory>
#include <vector>

#include "compute/records/run_config.h"

namespace moescope {

/// What the best constant loses: the variance of the length of the study's inputs.
constexpr double kConstantLoss = 12.18;

class NormFit {
 public:
  /// As the study reads it. Throws ConfigError.
  explicit NormFit(const RunConfig& config);
  ~NormFit();

  /// The next steps, to the same numbers as the study's; returns their mean loss.
  double advance(int64_t steps);
  int64_t step() const { return step_; }
  /// True and predicted lengths of held-out inputs, at the present weights.
  void predict(int64_t inputs, std::vector<double>& lengths, std::vector<double>& predicted);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
  int64_t step_ = 0;
};

}  // namespace moescope
