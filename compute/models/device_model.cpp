// Shapes and addresses out of the host's objects, through the plug-in's door.
#include "compute/models/device_model.h"

#include <algorithm>
#include <cstring>

#include "compute/backends/precision.h"
#include "compute/models/moe_layer_shape.h"
#include "compute/models/sincos_positions.h"
#include "compute/moe/capacity.h"
#include "compute/records/config_fields.h"

namespace moescope {
namespace {

using device_api::Fault;
using device_api::ModelShape;

void set_mixture(const MoeLayerShape& layer, ModelShape& shape) {
  shape.router = layer.kind;
  shape.features = layer.width;
  shape.experts = layer.num_experts, shape.expert_hidden = layer.hidden,
  shape.slots_per_expert = layer.slots_per_expert;
  shape.activation = layer.activation;
  shape.mixing = layer.mixing;
  shape.soft_normalize = layer.soft_normalize, shape.soft_eps = layer.soft_eps;
  shape.bf16_boundary = layer.bf16_boundary;
}

const char* doing(const device_api::StepPlan& plan) {
  return plan.update ? "a training step" : "a pass through the model";
}

}  // namespace

device_api::StepPlan empty_plan() {
  device_api::StepPlan plan;
  std::memset(static_cast<void*>(&plan), 0, sizeof plan);
  plan.temperature = 1;
  return plan;
}

void set_router(const RouterConfig& router, int64_t group_tokens, bool training, device_api::StepPlan& plan) {
  set_router(router, group_tokens, group_tokens, training, plan);
}

void set_router(const RouterConfig& router, int64_t group_tokens, int64_t tokens, bool training,
                device_api::StepPlan& plan) {
  plan.group_tokens = std::min(group_tokens, tokens);
  plan.temperature = static_cast<float>(router.temperature);
  plan.training = training;
  if (router.kind == RouterKind::dense) return;
  plan.noise_deviation = static_cast<float>(!training ? 0
                                            : router.kind == RouterKind::soft
                                                ? router.noise_std
                                                : router.noise_std / static_cast<double>(router.num_experts));
  if (router.kind == RouterKind::soft) return;
  const auto capacity_for = [&](int64_t size) {
    return size == group_tokens ? sparse_capacity(router, size, training)
                                : partial_group_capacity(router, size, training);
  };
  const int64_t rest = tokens % plan.group_tokens;
  plan.capacity = capacity_for(plan.group_tokens);
  plan.last_capacity = rest > 0 ? capacity_for(rest) : plan.capacity;
  if (router.kind != RouterKind::tokens_choice) return;
  if (router.k < 1 || router.k > router.num_experts)
    throw ConfigError("router.k " + std::to_string(router.k) + " is not between 1 and router.num_experts " +
                      std::to_string(router.num_experts) + "; choose a smaller k");
  plan.k = router.k;
  plan.bpr = router.bpr;
  plan.importance_weight = static_cast<float>(router.importance_weight);
  plan.load_weight = static_cast<float>(router.load_weight);
  plan.gshard_weight = static_cast<float>(router.gshard_weight);
}

std::shared_ptr<DeviceModel> DeviceModel::make(const ComputeConfig& compute, const VisionTransformer& model) {
  std::shared_ptr<const DevicePlugin> plugin = device_plugin(compute.device);
  return plugin ? make(std::move(plugin), compute, model) : nullptr;
}

std::shared_ptr<DeviceModel> DeviceModel::make(std::shared_ptr<const DevicePlugin> plugin, const ComputeConfig& compute,
                                               const VisionTransformer& model) {
  const bool may_fall_back = compute.device == DeviceKind::automatic;
  try {
    return std::make_shared<DeviceModel>(std::move(plugin), model, compute.precision);
  } catch (const DeviceFault& fault) {
    if (!may_fall_back || (fault.fault != Fault::refused && fault.fault != Fault::out_of_memory)) throw;
  } catch (const ConfigError&) {  // a model that the device does not run
    if (!may_fall_back) throw;
  }
  check_cpu_precision(compute.precision);  // which nobody did while a GPU was to compute
  return nullptr;
}

DeviceModel::DeviceModel(std::shared_ptr<const DevicePlugin> plugin, const VisionTransformer& model,
                         Precision precision)
    : plugin_(std::move(plugin)),
      tokens_per_image_(model.tokens_per_image()),
      kind_(model.config().router.kind),
      layers_(model.moe_blocks()) {
  const RunConfig& config = model.config();
  const ModelConfig& m = config.model;
  ModelShape shape{};
  if (!layers_.empty()) set_mixture(moe_layer_shape(config, layers_.front(), model.tokens_per_image()), shape);
  shape.height = model.image().height, shape.width = model.image().width, shape.channels = model.image().channels;
  shape.classes = model.image().classes, shape.patch = m.patch, shape.features = m.width;
  shape.depth = m.depth, shape.heads = m.heads, shape.mlp = m.mlp, shape.representation = m.representation;
  shape.position = m.position, shape.head = m.head, shape.qk_norm = m.qk_norm;
  shape.precision = precision;
  std::vector<uint8_t> is_moe(static_cast<size_t>(m.depth));
  for (const int64_t block : layers_) is_moe[static_cast<size_t>(block)] = 1;
  shape.is_moe = is_moe.data();
  Buffer positions;
  if (m.position == PositionKind::sincos2d) {
    positions = sincos_positions(model.grid_height(), model.grid_width(), m.width, model.has_class_token());
    shape.positions = positions.f32();
  }
  open(shape, model.parameters());
}

DeviceModel::DeviceModel(std::shared_ptr<const DevicePlugin> plugin, const MoeLayerShape& layer,
                         const ParameterSet& parameters)
    : plugin_(std::move(plugin)), tokens_per_image_(0), kind_(layer.kind), layers_{layer.layer} {
  ModelShape shape{};
  set_mixture(layer, shape);
  shape.bare_layer = true;
  shape.heads = 1;
  open(shape, parameters);
}

DeviceModel::DeviceModel(std::shared_ptr<const DevicePlugin> plugin, const ParameterSet& parameters)
    : plugin_(std::move(plugin)) {
  ModelShape shape{};
  shape.heads = 1;
  open(shape, parameters);
}

void DeviceModel::open(const ModelShape& shape, const ParameterSet& parameters) {
  experts_ = shape.experts, slots_per_expert_ = shape.slots_per_expert, width_ = shape.features;
  std::vector<device_api::ParameterPlace> places;
  for (const Parameter& p : parameters.all()) places.push_back({p.name.c_str(), p.offset, p.shape.size()});
  device_api::Session* session = nullptr;
  const Fault fault = functions().open(&shape, places.data(), static_cast<int64_t>(places.size()),
                                       parameters.values().size(), &session);
  plugin_->check(fault, "the model");
  session_ = {session, Close{plugin_}};
  device_ = plugin_->description();
  precision_ = shape.precision;
  write(device_api::Flat::values, parameters.values());
}

std::string DeviceModel::description() const {
  return device_ + ", " + std::string(choice_name(precision_)) + ", " + functions().attention(session_.get());
}

void DeviceModel::write(device_api::Flat what, const Tensor& flat) {
  plugin_->check(functions().write(session_.get(), what, 0, flat.size(), flat.f32()), "copying parameters");
}

void DeviceModel::read(device_api::Flat what, const Tensor& flat) const {
  plugin_->check(functions().read(session_.get(), what, 0, flat.size(), flat.f32()), "copying parameters back");
}

void DeviceModel::stage(int slot, const device_api::StepPlan& plan, const device_api::StepInput& input) {
  plugin_->check(functions().stage(session_.get(), slot, &plan, &input), doing(plan), plan.images);
  std::memcpy(static_cast<void*>(&plans_[slot]), &plan, sizeof plan);
}

void DeviceModel::launch(int slot) {
  plugin_->check(functions().launch(session_.get(), slot), doing(plans_[slot]), plans_[slot].images);
}

Tensor DeviceModel::layers(int slot, int64_t part) const {
  device_api::LayersView view{};
  plugin_->check(functions().layers(session_.get(), slot, part, &view), "reading the layers");
  return {const_cast<float*>(view.values), Shape{view.count, view.floats / width_, width_}, DType::f32};
}

Tensor DeviceModel::attention(int slot, int64_t part) const {
  device_api::AttentionView view{};
  plugin_->check(functions().attention_maps(session_.get(), slot, part, &view), "reading the attention");
  const int64_t images = plans_[slot].images;
  return {const_cast<float*>(view.probabilities), Shape{view.blocks, images, view.floats / images}, DType::f32};
}

device_api::StepResult DeviceModel::end(int slot) {
  device_api::StepResult result{};
  plugin_->check(functions().wait(session_.get(), slot, &result), "a step", plans_[slot].images);
  aux_[slot] = result.aux;
  return result;
}

}  // namespace moescope
