// The convolution whose stride is its kernel, as a matrix product over cut-out patches.
#include "compute/models/patch_embedding.h"

#include <cstring>

#include "compute/core/error.h"
#include "compute/models/sincos_positions.h"
#include "compute/ops/patches/patches.h"
#include "compute/ops/reduce/reduce.h"

namespace moescope {
namespace {

void copy_rows(float* to, const float* from, int64_t rows, int64_t features) {
  std::memcpy(to, from, static_cast<size_t>(rows * features) * sizeof(float));
}

}  // namespace

PatchEmbedding::PatchEmbedding(ParameterSet& parameters, const EmbeddingShape& shape) : shape_(shape) {
  const int64_t fan_in = shape.patch * shape.patch * shape.channels, d = shape.features;
  kernel_ = Linear(parameters, "embed.w", "embed.b", fan_in, d, Init::lecun_normal(fan_in), Init::constant(0));
  if (shape.class_token) class_token_ = parameters.add("cls", {1, 1, d}, ParameterRole::token, Init::constant(0));
  if (shape.position == PositionKind::learned)
    position_ = parameters.add("pos", {1, tokens(), d}, ParameterRole::position, Init::normal(0.02));
  if (shape.position == PositionKind::sincos2d)
    sincos_ = sincos_positions(grid_height(), grid_width(), d, shape.class_token);
}

void PatchEmbedding::forward(const Tensor& images, const Tensor& x, Arena& arena, bool keep, Context& context) const {
  const int64_t n = images.dim(0), d = shape_.features;
  const Arena::Mark before = arena.mark();
  context.images = n;
  context.patches = arena.make({n * patches(), shape_.patch * shape_.patch * shape_.channels});
  extract_patches(images, shape_.patch, context.patches);
  {
    const ArenaScope scope(arena);
    const Tensor embedded = class_token_ ? arena.make({n * patches(), d}) : x;
    kernel_.forward(context.patches, embedded);
    for (int64_t i = 0; class_token_ && i < n; ++i) {
      float* first = x.f32() + i * tokens() * d;
      copy_rows(first, class_token_->value.f32(), 1, d);
      copy_rows(first + d, embedded.f32() + i * patches() * d, patches(), d);
    }
  }
  if (position_) add_to_each(position_->value.reshaped({tokens(), d}), x, n);
  if (sincos_.size() > 0 && shape_.position == PositionKind::sincos2d) add_to_each(sincos_, x, n);
  if (!keep) arena.rewind(before);
}

void PatchEmbedding::backward(const Context& context, const Tensor& dx, Arena& arena, const Tensor& dimages) const {
  const ArenaScope scope(arena);
  const int64_t n = context.images, d = shape_.features;
  if (position_) add_to_each_backward(dx, position_->gradient.reshaped({tokens(), d}), n);
  Tensor dembedded = dx;
  if (class_token_) {
    dembedded = arena.make({n * patches(), d});
    const Tensor dtoken = class_token_->gradient.reshaped({1, d});
    for (int64_t i = 0; i < n; ++i) {
      const float* first = dx.f32() + i * tokens() * d;
      for (int64_t j = 0; j < d; ++j) dtoken.f32()[j] += first[j];
      copy_rows(dembedded.f32() + i * patches() * d, first + d, patches(), d);
    }
  }
  const Tensor dpatches = dimages.empty() ? Tensor() : arena.make(context.patches.shape());
  kernel_.backward(context.patches, dembedded, dpatches);
  if (!dimages.empty()) extract_patches_backward(dpatches, shape_.patch, dimages);
}

}  // namespace moescope
