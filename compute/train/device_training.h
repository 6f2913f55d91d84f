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
  /// Null where the CPU computes, see DeviceModel::make. Throws ConfigError, DeviceFault.
  static std::unique_ptr<DeviceTraining> make(const RunConfig& config, const DatasetInfo& data,
                                              VisionTransformer& model, Optimizer& optimizer);

  /// Starts step number `step` on `batch`, which is raw, forward to update. When it was staged, under the same knobs,
  /// only that.
  void begin(const RunConfig& config, const Batch& batch, int64_t step, double learning_rate);
  /// Copies the input of the step after the one that runs to the device beside it.
  void stage(const RunConfig& config, const Batch& batch, int64_t step, double learning_rate);
  /// The staged batch is not what the next step sees.
  void forget_staged() { has_staged_ = false; }
  /// Waits for the step, and puts what it routed into `loads`. With a loss or gradient that is not finite nothing was
  /// updated. The host's values and moments are behind until they are brought back.
  DeviceStep end(const RunConfig& config, LoadObserver& loads);

  /// Values to the host when the device has newer ones; and the moments too.
  void bring_back_values();
  void bring_back();
  void bring_back_gradients();
  /// The host's values and moments are the ones to go on from.
  void send();

  const std::shared_ptr<DeviceModel>& device() const { return device_; }

 private:
  /// What a step is told besides its batch.
  struct Ask {
    device_api::StepPlan plan;
    std::vector<uint64_t> seeds;
    std::vector<device_api::UpdateStretch> stretches;
    int64_t step = -1;
    bool operator==(const Ask& other) const = default;
  };
  DeviceTraining(std::shared_ptr<DeviceModel> device, const Normalizer& normalizer, VisionTransformer& model,
                 Optimizer& optimizer);
  Ask ask_for(const RunConfig& config, int64_t step, double learning_rate) const;
  device_api::StepPlan plan_for(const RunConfig& config) const;
  void upload(int slot, const Ask& ask, const Batch& batch);
  void observe(const RunConfig& config, int64_t parts, LoadObserver& loads);

  VisionTransformer& model_;
  Optimizer& optimizer_;
  std::shared_ptr<DeviceModel> device_;
  Arena arena_;                                  // of the routings' lists
  std::vector<float> table_;                     // (channels,256) the float of each byte of an image
  std::vector<device_api::PlacedImage> places_;  // of the batch that goes up
  Ask running_, staged_;
  std::vector<int32_t> labels_;  // of the running step
  bool has_staged_ = false, values_behind_ = false, moments_behind_ = false;
  int slot_ = 0;  // of the running step; the staged one has the other
};

}  // namespace moescope
