// One part, one slot, everything asked for.
#include "compute/conform/conform_device.h"

#include "compute/core/error.h"
#include "compute/records/config_fields.h"

namespace moescope {
namespace {

device_api::StepPlan whole_plan(const GoldenCase& golden, const RouterConfig& knobs, int64_t group_tokens) {
  device_api::StepPlan plan = empty_plan();
  set_router(knobs, group_tokens, true, plan);
  plan.parts = 1;
  plan.gradient_scale = plan.aux_scale = 1;
  plan.backward = plan.input_gradient = plan.keep_routing = plan.keep_logits = plan.keep_outputs = 1;
  plan.given_noise = golden.has("in.noise");
  return plan;
}

void run(DevicePass& pass, const device_api::StepPlan& plan, const device_api::StepInput& input,
         const RouterConfig& knobs, const ParameterSet& parameters) {
  pass.model->begin(0, plan, input);
  pass.result = pass.model->end(0);
  pass.routing = pass.model->routing(0, 0, 0, knobs, pass.arena);
  pass.model->read(device_api::Flat::gradients, parameters.gradients());
}

}  // namespace

std::unique_ptr<DevicePass> run_layer_on_device(const GoldenCase& golden, const MoeLayerShape& shape,
                                                const ParameterSet& parameters, const RouterConfig& knobs,
                                                int64_t group_tokens) {
  const Tensor &x = golden.in("x"), *noise = golden.file.find("in.noise"), *mask = golden.file.find("in.mask");
  const int64_t tokens = x.size() / x.dim(-1);
  check_shape(tokens % group_tokens == 0, [&] {
    return std::to_string(tokens) + " tokens do not divide into groups of " + std::to_string(group_tokens);
  });
  device_api::StepPlan plan = whole_plan(golden, knobs, group_tokens);
  plan.images = tokens / group_tokens;
  plan.has_mask = mask != nullptr;
  device_api::StepInput input{};
  input.images = x.f32(), input.targets = golden.in("dy").f32();
  input.noise = noise ? noise->f32() : nullptr, input.mask = mask ? mask->u8() : nullptr;
  auto pass = std::make_unique<DevicePass>();
  pass->model = std::make_unique<DeviceModel>(golden.device, shape, parameters);
  run(*pass, plan, input, knobs, parameters);
  return pass;
}

std::unique_ptr<DevicePass> run_model_on_device(const GoldenCase& golden, const VisionTransformer& model,
                                                LossKind loss) {
  const Tensor &images = golden.in("image"), *noise = golden.file.find("in.noise");
  const RouterConfig& knobs = model.config().router;
  device_api::StepPlan plan = whole_plan(golden, knobs, group_images(knobs) * model.tokens_per_image());
  plan.images = images.dim(0);
  plan.gradient_scale = 1 / static_cast<float>(images.dim(0));
  plan.loss = loss;
  device_api::StepInput input{};
  input.images = images.f32(), input.targets = golden.in("labels").f32();
  input.noise = noise ? noise->f32() : nullptr;
  auto pass = std::make_unique<DevicePass>();
  pass->model = std::make_unique<DeviceModel>(golden.device, model, Precision::float32);
  run(*pass, plan, input, knobs, model.parameters());
  return pass;
}

}  // namespace moescope
