// The closed formula of PAPERS.md section 1.4, which agrees with the papers' tables.
#include "compute/models/cost.h"

#include <algorithm>

#include "compute/moe/capacity.h"
#include "compute/records/config_fields.h"

namespace moescope {
namespace {

/// Multiply-adds of one MoE layer for one image.
struct LayerMacs {
  double executed = 0, padding = 0, einsum = 0;
  double rows = 0, per_row = 0;
};

LayerMacs moe_macs(const RunConfig& config, double tokens) {
  const RouterConfig& r = config.router;
  const double d = static_cast<double>(config.model.width), experts = static_cast<double>(r.num_experts);
  // GEGLU's first product is twice as wide as its second.
  const double hidden = static_cast<double>(expert_width(config)) * (r.activation == Activation::geglu ? 1.5 : 1.0);
  const double per_row = 2 * d * hidden;
  const int64_t images = group_images(r), group = static_cast<int64_t>(tokens) * images;
  const auto of_an_image = [&](double of_a_group) { return of_a_group / static_cast<double>(images); };
  if (r.kind == RouterKind::soft) {
    const double slots = experts * static_cast<double>(soft_slots_per_expert(r, group));
    return {of_an_image(slots) * per_row + 3 * tokens * slots * d, 0, 0, of_an_image(slots), per_row};
  }
  const int64_t wanted = r.kind == RouterKind::tokens_choice ? group * r.k : group * r.num_experts;
  const int64_t places = r.num_experts * sparse_capacity(r, group, /*training=*/false);
  const double pairs = of_an_image(static_cast<double>(std::min(wanted, places)));
  const double empty = of_an_image(static_cast<double>(places)) - pairs;
  const double einsum = 2 * tokens * static_cast<double>(places) * d;
  return {pairs * per_row + tokens * experts * d, empty * per_row, einsum, pairs, per_row};
}

}  // namespace

ModelCost model_cost(const VisionTransformer& model) {
  const RunConfig& c = model.config();
  const ImageShape& image = model.image();
  const double d = static_cast<double>(c.model.width), hidden = static_cast<double>(c.model.mlp),
               tokens = static_cast<double>(model.tokens_per_image());
  const double patches = static_cast<double>(model.grid_height() * model.grid_width());
  const double depth = static_cast<double>(c.model.depth), moe = static_cast<double>(model.moe_blocks().size());
  double macs = patches * static_cast<double>(c.model.patch * c.model.patch * image.channels) * d;
  macs += depth * (4 * tokens * d * d + 2 * tokens * tokens * d);
  macs += (depth - moe) * 2 * tokens * d * hidden;
  const LayerMacs layer = moe > 0 ? moe_macs(c, tokens) : LayerMacs();
  macs += moe * layer.executed;
  if (c.model.head == HeadKind::map) macs += 2 * tokens * d * d + 2 * d * d + 2 * tokens * d + 2 * d * hidden;
  double features = d;
  if (c.model.representation > 0) {
    features = static_cast<double>(c.model.representation);
    macs += d * features;
  }
  macs += features * static_cast<double>(image.classes);
  return {model.parameters().count(), 2 * macs,   6 * macs,         2 * moe * layer.padding,
          2 * moe * layer.einsum,     layer.rows, 2 * layer.per_row};
}

}  // namespace moescope
