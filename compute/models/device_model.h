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

class DeviceMaps;
/// One an image of a look; none where nothing was routed.
using ImageMaps = std::vector<std::shared_ptr<const DeviceMaps>>;

class DeviceModel {
 public:
  /// Takes the model's shape and copies its values to the device. Throws ConfigError for what the device program does
  /// not run, DeviceFault. `model` must outlive it.
  DeviceModel(std::shared_ptr<const DevicePlugin> plugin, const VisionTransformer& model, Precision precision);
  /// A mixture layer alone: `shape`, its parameters without prefix. For conformance.
  DeviceModel(std::shared_ptr<const DevicePlugin> plugin, const MoeLayerShape& shape, const ParameterSet& parameters);
  /// Only parameters, for updates with given gradients.
  DeviceModel(std::shared_ptr<const DevicePlugin> plugin, const ParameterSet& parameters);
  /// On the GPU that `compute.device` asks for. Null: the CPU computes, also where `automatic` finds a GPU that does
  /// not run this model or has no memory left. Throws ConfigError, DeviceFault when a GPU was asked for by name.
  static std::shared_ptr<DeviceModel> make(const ComputeConfig& compute, const VisionTransformer& model);
  /// The same on a plug-in that is there.
  static std::shared_ptr<DeviceModel> make(std::shared_ptr<const DevicePlugin> plugin, const ComputeConfig& compute,
                                           const VisionTransformer& model);

  /// As DevicePlugin::description(), asked once; and the precision, and who computes attention.
  std::string description() const;

  /// All of a flat tensor (ParameterSet::values() and its like), to the device or from it.
  void write(device_api::Flat what, const Tensor& flat);
  void read(device_api::Flat what, const Tensor& flat) const;

  /// A step in `slot`: its input goes up, it starts, its end is waited for. While one slot's step runs the other's
  /// input can go up already; what was staged and not launched may be staged anew.
  void stage(int slot, const device_api::StepPlan& plan, const device_api::StepInput& input);
  void launch(int slot);
  void begin(int slot, const device_api::StepPlan& plan, const device_api::StepInput& input) {
    stage(slot, plan, input);
    launch(slot);
  }
  device_api::StepResult end(int slot);

  /// What part `part` of the last step in `slot` routed in MoE layer `layer` (of all, ascending): the tensors of the
  /// kept lists live in `arena`, the rest until the slot's next step. router: the knobs of the step.
  Routing routing(int slot, int64_t part, int64_t layer, const RouterConfig& router, Arena& arena) const;
  int64_t num_layers() const { return static_cast<int64_t>(layers_.size()); }  // with mixtures
  /// The weights that the last step in `slot` left on the device (StepPlan::keep_maps), once.
  ImageMaps take_maps(int slot) const;
  /// What its layers passed on, (2*depth+2, images*tokens, D) as LayersView orders them; until the slot's next step.
  Tensor layers(int slot, int64_t part) const;
  /// Its attention, (blocks,images,heads*L*L) of the blocks that the step's plan asks for; as long.
  Tensor attention(int slot, int64_t part) const;

 private:
  struct Close {
    std::shared_ptr<const DevicePlugin> plugin;
    void operator()(device_api::Session* session) const { plugin->functions().close(session); }
  };
  void open(const device_api::ModelShape& shape, const ParameterSet& parameters);
  const device_api::Functions& functions() const { return plugin_->functions(); }

  std::shared_ptr<const DevicePlugin> plugin_;
  std::unique_ptr<device_api::Session, Close> session_;
  std::string device_;  // in words
  Precision precision_ = Precision::float32;
  int64_t experts_ = 0, slots_per_expert_ = 0, tokens_per_image_ = 0, width_ = 0;
  RouterKind kind_ = RouterKind::dense;
  std::vector<int64_t> layers_;  // block indices of the MoE layers
  device_api::StepPlan plans_[device_api::kNumSlots];
  const float* aux_[device_api::kNumSlots] = {};
};

/// A plan of zeros in every byte, padding too: the device keeps captured steps by a plan's bytes.
device_api::StepPlan empty_plan();
/// The router's part of a plan, for groups of `group_tokens` tokens. Throws ConfigError for impossible knobs.
void set_router(const RouterConfig& router, int64_t group_tokens, bool training, device_api::StepPlan& plan);
/// The same for parts of `tokens` tokens in all, whose last group may be shorter; capacities as on the CPU.
void set_router(const RouterConfig& router, int64_t group_tokens, int64_t tokens, bool training,
                device_api::StepPlan& plan);
}  // namespace moescope
