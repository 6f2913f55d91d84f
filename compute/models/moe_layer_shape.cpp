// Field by field.
#include "compute/models/moe_layer_shape.h"

#include "compute/moe/capacity.h"
#include "compute/records/config_fields.h"

namespace moescope {

MoeLayerShape moe_layer_shape(const RunConfig& config, int64_t layer, int64_t tokens_per_image) {
  const RouterConfig& r = config.router;
  MoeLayerShape shape;
  shape.kind = r.kind;
  shape.layer = layer;
  shape.width = config.model.width;
  shape.hidden = expert_width(config);
  shape.num_experts = r.num_experts;
  if (r.kind == RouterKind::soft) shape.slots_per_expert = soft_slots_per_expert(r, tokens_per_image * group_images(r));
  shape.activation = r.activation;
  shape.soft_normalize = r.soft_normalize;
  shape.soft_eps = r.soft_eps;
  shape.mixing = r.mixing;
  shape.scale_init = r.scale_init;
  shape.identical_init = r.identical_init;
  shape.bf16_boundary = r.bf16_boundary;
  return shape;
}

}  // namespace moescope
