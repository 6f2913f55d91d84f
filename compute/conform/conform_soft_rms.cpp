// Kind "soft_rms": soft-moe-pytorch's layer, loss = sum y * dy. NUMERICS 1.7.
#include <cmath>
#include <limits>

#include "compute/conform/conform_device.h"
#include "compute/conform/conform_kinds.h"
#include "compute/moe/moe_layer.h"

namespace moescope {
namespace {

MoeLayerShape layer_shape(const GoldenCase& golden) {
  const Tensor &w2 = golden.param("w2"), &slots = golden.param("slots");
  MoeLayerShape shape;
  shape.kind = RouterKind::soft;
  shape.num_experts = w2.dim(0);
  shape.hidden = w2.dim(1);
  shape.width = w2.dim(2);
  shape.slots_per_expert = slots.dim(1);
  shape.activation = golden.config.at("glu").get<bool>() ? Activation::geglu : Activation::gelu_erf;
  shape.soft_normalize =
      golden.config.at("norm").get<std::string>() == "rms" ? SoftNormalize::rms : SoftNormalize::layer;
  return shape;
}

void add_outputs(const Routing& r, const Tensor& y, const Tensor& dy, const Tensor& logits, GoldenResults& results) {
  double loss = 0;
  for (int64_t i = 0; i < y.size(); ++i) loss += static_cast<double>(y.f32()[i]) * dy.f32()[i];
  results.add("out.y", y);
  results.add("out.loss", loss);
  results.add("out.logits", logits);
  results.add("out.dispatch", r.dispatch);
  results.add("out.combine", r.combine);
}

void run_on_device(const GoldenCase& golden, const MoeLayerShape& shape, const ParameterSet& parameters,
                   const RouterConfig& knobs, const Shape& rows, GoldenResults& results) {
  const auto pass = run_layer_on_device(golden, shape, parameters, knobs, golden.in("x").dim(1));
  const Tensor y(const_cast<float*>(pass->result.logits), rows),
      dx(const_cast<float*>(pass->result.input_gradient), rows);
  add_outputs(pass->routing, y, golden.in("dy"), pass->routing.logits, results);
  results.add("grad.in.x", dx);
  add_parameter_gradients(parameters, results);
}

}  // namespace

void conform_soft_rms(const GoldenCase& golden, GoldenResults& results) {
  ParameterSet parameters;
  const MoeLayerShape shape = layer_shape(golden);
  const MoeLayer layer(parameters, "", shape);
  parameters.allocate(host_memory(), 0);
  load_parameters(golden, parameters);

  const Tensor &in = golden.in("x"), &dy = golden.in("dy");
  const Tensor x = in.reshaped({in.dim(0) * in.dim(1), in.dim(2)});
  RouterConfig knobs;
  knobs.noise_std = golden.has("in.noise") ? 1 : 0;  // the draws come ready scaled
  if (golden.device) return run_on_device(golden, shape, parameters, knobs, x.shape(), results);
  Arena arena;
  Pass pass;
  pass.arena = &arena;
  pass.router = &knobs;
  pass.training = pass.backward = true;
  pass.given_noise = golden.file.find("in.noise");
  const Tensor* mask = golden.file.find("in.mask");
  MoeLayer::Context context;
  const Tensor y = arena.make(x.shape()), dx = arena.zeros(x.shape());
  layer.forward(x, in.dim(1), pass, y, context, mask ? *mask : Tensor());

  add_outputs(context.routing, y, dy, layer.soft_logits(x, pass), results);
  layer.backward(context, dy.reshaped(x.shape()), dx, pass, 1);
  results.add("grad.in.x", dx);
  add_parameter_gradients(parameters, results);
}

}  // namespace moescope
