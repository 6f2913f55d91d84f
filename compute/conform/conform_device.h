// What the runners do differently when a GPU program replays a case.
#pragma once

#include <memory>

#include "compute/conform/golden_case.h"
#include "compute/models/device_model.h"

namespace moescope {

/// A step on golden.device and what came back; the views live as long as the model.
struct DevicePass {
  std::unique_ptr<DeviceModel> model;
  device_api::StepResult result;
  Routing routing;
  Arena arena;
};

/// A mixture layer forward and back, groups of `group_tokens` tokens: result.logits is y (T,D), result.input_gradient
/// is dx (T,D), the parameters' gradients are set. Throws ShapeError when the groups do not divide the tokens.
std::unique_ptr<DevicePass> run_layer_on_device(const GoldenCase& golden, const MoeLayerShape& shape,
                                                const ParameterSet& parameters, const RouterConfig& knobs,
                                                int64_t group_tokens);
/// A whole model, its class loss a mean over the images; the input's gradient too.
std::unique_ptr<DevicePass> run_model_on_device(const GoldenCase& golden, const VisionTransformer& model,
                                                LossKind loss);

}  // namespace moescope
