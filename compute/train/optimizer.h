// The optimiser over all parameters of a model: which of them decay, one global gradient norm, AdamW or SGD with
// momentum.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compute/nn/parameters.h"
#include "compute/records/run_config.h"

namespace moescope {

/// Decay of one parameter under the configuration (NUMERICS 4.7), multiplied by the learning rate when applied.
///   all      every parameter decays by train.weight_decay, as PyTorch's AdamW does;
///   kernels  what the released configurations name `kernel` (the sparse router's too) and Soft MoE's learned `scale`
///            (google-research/vmoe:vmoe/projects/soft_moe/configs/pretrain_jft4b.py); `mu` and the rest do not.
/// The head's kernel takes train.head_weight_decay when that is not negative.
double weight_decay_of(const TrainConfig& config, ParameterRole role);

/// One global norm over every gradient (NUMERICS 4.7): untouched below the limit, else scaled to it. limit 0: off.
double clip_factor(double gradient_norm, double limit);

class Optimizer {
 public:
  /// Moments start at 0 in `memory`, laid out like the parameters' flat values.
  Optimizer(OptimizerKind kind, const ParameterSet& parameters, Memory& memory);

  /// Root of the sum of squares over all gradients; not finite when one of them is not.
  double gradient_norm() const;
  /// Update number `step`, counted from 0, with the present live values of `config`. Adam's bias correction counts the
  /// updates of each parameter: step - first_step + 1. Gradients are multiplied by gradient_scale on the way. They must
  /// be finite.
  void update(const TrainConfig& config, int64_t step, double learning_rate, double gradient_scale);

  OptimizerKind kind() const { return kind_; }
  int num_moments() const { return kind_ == OptimizerKind::adamw ? 2 : 1; }
  /// AdamW: 0 the mean, 1 the mean square; SGD: 0 the velocity. Flat, as ParameterSet::values().
  const Tensor& moment(int i) const { return moments_[static_cast<size_t>(i)].tensor(); }

 private:
  OptimizerKind kind_;
  const ParameterSet* parameters_;
  std::vector<Buffer> moments_;
};

/// Name of the first parameter, in order of registration, whose values (or gradients) hold a NaN or infinity; of the
/// last with `from_end`. Empty when all are finite.
std::string find_not_finite(const ParameterSet& parameters, bool in_gradients, bool from_end = false);

}  // namespace moescope
