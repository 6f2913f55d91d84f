// What turns our layer into the paper's.
#include "compute/studies/bare_layer.h"

#include "compute/core/rng.h"
#include "compute/ops/reduce/reduce.h"
#include "compute/records/config_fields.h"

namespace moescope {

MoeLayerShape bare_layer_shape(const RunConfig& config) {
  MoeLayerShape shape;
  shape.kind = RouterKind::soft;
  shape.width = config.model.width;
  shape.hidden = expert_width(config);
  shape.num_experts = config.router.num_experts;
  shape.slots_per_expert = config.router.slots_per_expert;
  shape.activation = config.router.activation;
  shape.soft_normalize = config.router.soft_normalize;
  shape.soft_eps = config.router.soft_eps;
  shape.scale_init = config.router.scale_init;
  shape.identical_init = config.router.identical_init;
  return shape;
}

void clear_biases(const ParameterSet& parameters) {
  for (const Parameter& p : parameters.all())
    if (p.role == ParameterRole::bias) fill(p.value, 0);
}

void clear_bias_gradients(const ParameterSet& parameters) {
  for (const Parameter& p : parameters.all())
    if (p.role == ParameterRole::bias) fill(p.gradient, 0);
}

void draw_uniform_slots(ParameterSet& parameters, uint64_t seed) {
  for (const Parameter& p : parameters.all()) {
    if (p.role == ParameterRole::slots)
      Rng(seed, RngPurpose::init, 1).fill_uniform(p.value.f32(), p.value.size(), -1, 1);
  }
}

}  // namespace moescope
