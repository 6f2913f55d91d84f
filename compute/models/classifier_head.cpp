// Three ways to one vector per image, then the same road.
#include "compute/models/classifier_head.h"

#include <cstring>

#include "compute/ops/activation/activation.h"
#include "compute/ops/reduce/reduce.h"

namespace moescope {
namespace {

/// The first token of each image, x (N*L,D) -> pooled (N,D).
void take_first_tokens(const Tensor& x, const Tensor& pooled) {
  const int64_t n = pooled.dim(0), d = pooled.dim(1), tokens = x.dim(0) / n;
  for (int64_t i = 0; i < n; ++i)
    std::memcpy(pooled.f32() + i * d, x.f32() + i * tokens * d, static_cast<size_t>(d) * sizeof(float));
}

void put_first_tokens(const Tensor& dpooled, const Tensor& dx) {
  const int64_t n = dpooled.dim(0), d = dpooled.dim(1), tokens = dx.dim(0) / n;
  fill(dx, 0);
  for (int64_t i = 0; i < n; ++i)
    std::memcpy(dx.f32() + i * tokens * d, dpooled.f32() + i * d, static_cast<size_t>(d) * sizeof(float));
}

}  // namespace

ClassifierHead::ClassifierHead(ParameterSet& parameters, const HeadShape& shape) : shape_(shape) {
  int64_t features = shape.width;
  if (shape.kind == HeadKind::map) map_.emplace(parameters, "map", shape.width, shape.heads, shape.mlp, shape.qk_norm);
  if (shape.representation > 0) {
    pre_.emplace(parameters, "pre.w", "pre.b", features, shape.representation, Init::lecun_normal(features),
                 Init::constant(0));
    features = shape.representation;
  }
  head_ = Linear(parameters, "head.w", "head.b", features, shape.classes,
                 shape.zero_kernel ? Init::constant(0) : Init::lecun_normal(features), Init::constant(shape.bias_init),
                 ParameterRole::head_kernel);
}

void ClassifierHead::forward(const Tensor& x, int64_t images, const Tensor& logits, Arena& arena, bool keep,
                             Context& context) const {
  context.images = images;
  context.rows = x.dim(0);
  context.pooled = arena.make({images, shape_.width});
  switch (shape_.kind) {
    case HeadKind::gap: mean_rows(x, images, context.pooled); break;
    case HeadKind::token: take_first_tokens(x, context.pooled); break;
    case HeadKind::map: map_->forward(x, images, context.pooled, arena, keep, context.map); break;
  }
  context.representation = context.pooled;
  if (pre_) {
    context.representation = arena.make({images, shape_.representation});
    pre_->forward(context.pooled, context.representation);
    tanh_forward(context.representation, context.representation);
  }
  head_.forward(context.representation, logits);
}

void ClassifierHead::backward(const Context& context, const Tensor& dlogits, const Tensor& dx, Arena& arena) const {
  const ArenaScope scope(arena);
  Tensor dpooled = arena.make(context.representation.shape());
  head_.backward(context.representation, dlogits, dpooled);
  if (pre_) {
    const Tensor drepresentation = dpooled;
    tanh_backward(context.representation, drepresentation, drepresentation);
    dpooled = arena.make(context.pooled.shape());
    pre_->backward(context.pooled, drepresentation, dpooled);
  }
  switch (shape_.kind) {
    case HeadKind::gap: mean_rows_backward(dpooled, context.images, dx); break;
    case HeadKind::token: put_first_tokens(dpooled, dx); break;
    case HeadKind::map: map_->backward(context.map, dpooled, dx, arena); break;
  }
}

}  // namespace moescope
