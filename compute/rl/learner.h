// One update of a value network from a minibatch: DQN, and what Rainbow adds to it, each part by itself. NUMERICS 5.6,
// 5.7.
#pragma once

#include <string>
#include <vector>

#include "compute/rl/q_network.h"
#include "compute/rl/replay.h"
#include "compute/train/optimizer.h"

namespace moescope::rl {

struct UpdateReport {
  double loss = 0;      // weighted, without auxiliary losses
  double aux_loss = 0;  // weighted
  double td_error = 0;  // mean |target - Q(s,a)|; C51: of the means
  double q = 0;         // mean over the batch of the largest Q(s,.)
  double gradient_norm = 0;
  RlAuxiliary auxiliary;
};

class Learner {
 public:
  Learner(const RlConfig& config, const MapShape& observation, int64_t actions, Memory& memory = host_memory());

  /// Update number `update`, counted from 0. False, and nothing is changed, when loss or gradient is not finite:
  /// divergence() says which.
  bool update(const ReplayBatch& batch, int64_t update);
  /// The target network takes the online network's weights.
  void copy_target() { target_.copy_from(online_); }

  const UpdateReport& report() const { return report_; }
  /// Each transition's own loss in the last update.
  std::span<const float> sample_losses() const { return sample_; }
  /// What the last update's pass forward left; good until the next one.
  const QNetwork::Context& context() const { return context_; }
  const std::string& divergence() const { return divergence_; }

  QNetwork& online() { return online_; }
  const QNetwork& online() const { return online_; }
  QNetwork& target() { return target_; }
  const QNetwork& target() const { return target_; }
  const Optimizer& optimizer() const { return optimizer_; }

 private:
  /// What the chosen actions should have been worth, into targets_ (one atom) or projected (C51).
  void make_targets(const ReplayBatch& batch, int64_t update, const Tensor& projected);
  double loss_and_gradients(const ReplayBatch& batch, const Tensor& projected, int64_t update);
  void tell(const ReplayBatch& batch, const Tensor& q, const Tensor& projected);

  RlConfig config_;
  TrainConfig adam_;
  QNetwork online_, target_;
  Optimizer optimizer_;
  Arena arena_;
  QNetwork::Context context_, other_context_;
  std::vector<float> targets_, sample_;
  UpdateReport report_;
  std::string divergence_;
};

}  // namespace moescope::rl
