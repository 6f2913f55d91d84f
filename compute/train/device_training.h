// A trainer's steps on a GPU: what each step is told, and what comes back of it.
#pragma once

#include <memory>
#include <vector>

#include "compute/data/loader.h"
#include "compute/models/device_model.h"
#include "compute/train/load_observer.h"
#include "compute/train/optimizer.h"

namespace moescope {

/// What a step came to, of a whole batch.
struct DeviceStep {
  double loss = 0;      // summed over the images
  double aux_loss = 0;  // of the step: mean over its groups
  int64_t num_correct = 0;
  double gradient_norm = 0;
  bool finite() const;
};

/// The optimiser's part of a plan.
void set_update(const TrainConfig& train, device_api::StepPlan& plan);
/// Stretches of parameters that update number `step` treats alike, as Optimizer::update finds them.
std::vector<device_api::UpdateStretch> update_stretches(const ParameterSet& parameters, const TrainConfig& train,
                                                        int64_t step, double learning_rate);

class DeviceTraining {
 public:
  /// Null where config.compute.device asks for the CPU, or for whatever there is and there is no GPU. Throws
  /// ConfigError, DeviceFault.
  static std::unique_ptr<DeviceTraining> make(const RunConfig& config, VisionTransformer& model, Optimizer& optimizer);

  /// One whole step on `batch`, forward to update, and what it routed into `loads`. With a loss or gradient that is not
  /// finite nothing was updated. The host's values and moments are behind until bring_back().
  DeviceStep step(const RunConfig& config, const Batch& batch, int64_t step, double learning_rate, LoadObserver& loads);

  /// Values and moments to the host when the device has newer ones.
  void bring_back();
  void bring_back_gradients();
  /// The host's values and moments are the ones to go on from.
  void send();

  const std::shared_ptr<DeviceModel>& device() const { return device_; }

 private:
  DeviceTraining(std::shared_ptr<const DevicePlugin> plugin, VisionTransformer& model, Optimizer& optimizer,
                 Precision precision);
  device_api::StepPlan plan_for(const RunConfig& config) const;
  const float* targets_of(const TrainConfig& train, const Batch& batch);
  void observe(const RunConfig& config, int64_t parts, LoadObserver& loads);

  VisionTransformer& model_;
  Optimizer& optimizer_;
  std::shared_ptr<DeviceModel> device_;
  Arena arena_;  // of the routings' lists
  std::vector<uint64_t> seeds_;
  Buffer targets_;
  bool host_behind_ = false;
  int slot_ = 0;
};

}  // namespace moescope
