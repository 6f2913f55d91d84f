// A model on a GPU, beside its VisionTransformer on the host: whole steps there, values and routings back here.
//
// Which door it goes through, and why a step is one program and not many ops, says compute/backends/cuda/device_api.h.
#pragma once

#include <memory>
#include <vector>

#include "compute/backends/cuda/plugin.h"
#include "compute/models/vision_transformer.h"
#include "compute/moe/routing.h"

namespace moescope {

class DeviceModel {
 public:
  /// Takes the model's shape and copies its values to the device. Throws ConfigError for what the device program does
  /// not run, DeviceFault. `model` must outlive it.
  DeviceModel(std::shared_ptr<const DevicePlugin> plugin, const VisionTransformer& model, Precision precision);
  /// A mixture layer alone: `shape`, its parameters without prefix. For conformance.
  DeviceModel(std::shared_ptr<const DevicePlugin> plugin, const MoeLayerShape& shape, const ParameterSet& parameters);
  /// Only parameters, for updates with given gradients.
  DeviceModel(std::shared_ptr<const DevicePlugin> plugin, const ParameterSet& parameters);
  ~DeviceModel();
  DeviceModel(const DeviceModel&) = delete;
  DeviceModel& operator=(const DeviceModel&) = delete;

  /// All of a flat tensor (ParameterSet::values() and its like), to the device or from it.
  void write(device_api::Flat what, const Tensor& flat);
  void read(device_api::Flat what, const Tensor& flat) const;

  /// Stages and starts a step in `slot`, then waits for it; the two halves apart let the host prepare the next.
  void begin(int slot, const device_api::StepPlan& plan, const device_api::StepInput& input);
  device_api::StepResult end(int slot);

  /// What part `part` of the last step in `slot` routed in MoE layer `layer` (of all, ascending): the tensors of the
  /// kept lists live in `arena`, the rest until the slot's next step. router: the knobs of the step.
  Routing routing(int slot, int64_t part, int64_t layer, const RouterConfig& router, Arena& arena) const;

  int64_t device_bytes() const { return functions().device_bytes(session_); }
  const DevicePlugin& plugin() const { return *plugin_; }

 private:
  void open(const device_api::ModelShape& shape, const ParameterSet& parameters);
  const device_api::Functions& functions() const { return plugin_->functions(); }

  std::shared_ptr<const DevicePlugin> plugin_;
  device_api::Session* session_ = nullptr;
  int64_t experts_ = 0, slots_per_expert_ = 0, tokens_per_image_ = 0, width_ = 0;
  RouterKind kind_ = RouterKind::dense;
  std::vector<int64_t> layers_;  // block indices of the MoE layers
  device_api::StepPlan plans_[2];
  const float* aux_[2] = {};
};

/// A plan of zeros in every byte, padding too: the device keeps captured steps by a plan's bytes.
device_api::StepPlan empty_plan();
/// The router's part of a plan, for groups of `group_tokens` tokens. Throws ConfigError for impossible knobs.
void set_router(const RouterConfig& router, int64_t group_tokens, bool training, device_api::StepPlan& plan);
/// The seed of the device's router noise, the same draws as add_router_noise.
uint64_t router_noise_seed(uint64_t seed, int64_t step, int64_t part, int64_t layer);

}  // namespace moescope
