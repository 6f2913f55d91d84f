// Kind "moe": one mixture layer with its router, loss = sum y * dy + mean over groups of the auxiliary loss.
#include "compute/conform/conform_device.h"
#include "compute/conform/conform_kinds.h"
#include "compute/conform/conform_routing.h"
#include "compute/moe/moe_layer.h"

namespace moescope {
namespace {

MoeLayerShape layer_shape(const GoldenCase& golden) {
  const Tensor& w1 = golden.param("w1");
  MoeLayerShape shape;
  shape.kind = golden_router(golden.config);
  shape.num_experts = w1.dim(0);
  shape.width = w1.dim(1);
  shape.hidden = w1.dim(2);
  if (shape.kind == RouterKind::soft) shape.slots_per_expert = golden.param("mu").dim(2);
  shape.bf16_boundary = golden.config.value("bf16", false);
  return shape;
}

void add_outputs(const Routing& r, const Tensor& y, const Tensor& dy, const RouterConfig& knobs,
                 GoldenResults& results) {
  double loss = r.weighted_aux;
  for (int64_t i = 0; i < y.size(); ++i) loss += static_cast<double>(y.f32()[i]) * dy.f32()[i];
  results.add("out.y", y);
  results.add("out.loss", loss);
  add_routing(r, knobs, results);
}

void run_on_device(const GoldenCase& golden, const MoeLayerShape& shape, const ParameterSet& parameters,
                   const RouterConfig& knobs, const Shape& rows, GoldenResults& results) {
  const auto pass =
      run_layer_on_device(golden, shape, parameters, knobs, golden.config.at("group_size").get<int64_t>());
  const Tensor y(const_cast<float*>(pass->result.logits), rows),
      dx(const_cast<float*>(pass->result.input_gradient), rows);
  add_outputs(pass->routing, y, golden.in("dy"), knobs, results);
  results.add("grad.in.x", dx);
  add_parameter_gradients(parameters, results);
}

}  // namespace

void conform_moe(const GoldenCase& golden, GoldenResults& results) {
  const MoeLayerShape shape = layer_shape(golden);
  ParameterSet parameters;
  const MoeLayer layer(parameters, "", shape);
  parameters.allocate(host_memory(), 0);
  load_parameters(golden, parameters);

  const Tensor &in = golden.in("x"), &dy = golden.in("dy");
  const Tensor x = in.reshaped({in.dim(0) * in.dim(1), in.dim(2)});
  const RouterConfig knobs = golden_knobs(golden.config, shape.num_experts, golden.has("in.noise"));
  if (golden.device) return run_on_device(golden, shape, parameters, knobs, x.shape(), results);
  Arena arena;
  Pass pass;
  pass.arena = &arena;
  pass.router = &knobs;
  pass.training = pass.backward = true;
  pass.given_noise = golden.file.find("in.noise");
  MoeLayer::Context context;
  const Tensor y = arena.make(x.shape()), dx = arena.zeros(x.shape());
  layer.forward(x, golden.config.at("group_size").get<int64_t>(), pass, y, context);

  add_outputs(context.routing, y, dy, knobs, results);
  layer.backward(context, dy.reshaped(x.shape()), dx, pass, 1);
  results.add("grad.in.x", dx);
  add_parameter_gradients(parameters, results);
}

}  // namespace moescope
