// NUMERICS 4.3: QK norm comes after the bias; q is divided by the root of the head width inside the attention op.
#include "compute/nn/self_attention.h"

#include "compute/ops/attention/attention.h"
#include "compute/ops/layer_norm/layer_norm.h"

namespace moescope {
namespace {

struct Projections {
  HeadRows q, k, v;
};

/// Where queries, keys and values stand: in the packed projection, or in the normalised copy of its first two thirds.
Projections projections(const SelfAttention::Context& c, int64_t width) {
  const HeadRows v{c.qkv.f32() + 2 * width, 3 * width};
  if (c.normalized_qk.empty()) return {{c.qkv.f32(), 3 * width}, {c.qkv.f32() + width, 3 * width}, v};
  return {{c.normalized_qk.f32(), 2 * width}, {c.normalized_qk.f32() + width, 2 * width}, v};
}

}  // namespace

SelfAttention::SelfAttention(ParameterSet& parameters, const std::string& prefix, int64_t width, int64_t heads,
                             bool qk_norm)
    : qkv_(parameters, prefix + ".wqkv", prefix + ".bqkv", width, 3 * width, Init::xavier_uniform(width, width),
           Init::constant(0)),
      out_(parameters, prefix + ".wo", prefix + ".bo", width, width, Init::xavier_uniform(width, width),
           Init::constant(0)),
      width_(width),
      heads_(heads) {
  if (!qk_norm) return;
  query_scale_ = parameters.add(prefix + ".qn", {width / heads}, ParameterRole::norm, Init::constant(1));
  key_scale_ = parameters.add(prefix + ".kn", {width / heads}, ParameterRole::norm, Init::constant(1));
}

void SelfAttention::forward(const Tensor& x, int64_t images, const Tensor& y, Arena& arena, bool keep, Context& context,
                            const Tensor& probabilities) const {
  const Arena::Mark before = arena.mark();
  const int64_t rows = x.dim(0), tokens = rows / images;
  context.x = x;
  context.images = images;
  context.qkv = arena.make({rows, 3 * width_});
  context.normalized_qk = query_scale_ ? arena.make({rows, 2 * width_}) : Tensor();
  context.mixed = arena.make({rows, width_});
  qkv_.forward(x, context.qkv);
  if (query_scale_) {
    head_norm(context.qkv.f32(), 3 * width_, rows, heads_, query_scale_->value, context.normalized_qk.f32(),
              2 * width_);
    head_norm(context.qkv.f32() + width_, 3 * width_, rows, heads_, key_scale_->value,
              context.normalized_qk.f32() + width_, 2 * width_);
  }
  const Projections p = projections(context, width_);
  attention({images, tokens, tokens, heads_, width_ / heads_}, p.q, p.k, p.v, {context.mixed.f32(), width_},
            probabilities);
  out_.forward(context.mixed, y);
  if (!keep) arena.rewind(before);
}

void SelfAttention::backward(const Context& context, const Tensor& dy, const Tensor& dx, Arena& arena) const {
  const ArenaScope scope(arena);
  const int64_t rows = dy.dim(0), tokens = rows / context.images;
  const Tensor dmixed = arena.make({rows, width_}), dqkv = arena.make({rows, 3 * width_});
  out_.backward(context.mixed, dy, dmixed);
  const Projections p = projections(context, width_);
  float* const dq = dqkv.f32();
  attention_backward({context.images, tokens, tokens, heads_, width_ / heads_}, p.q, p.k, p.v, {dmixed.f32(), width_},
                     {dq, 3 * width_}, {dq + width_, 3 * width_}, {dq + 2 * width_, 3 * width_});
  if (query_scale_) {
    const float* raw = context.qkv.f32();
    head_norm_backward(raw, 3 * width_, rows, heads_, query_scale_->value, dq, 3 * width_, dq, 3 * width_,
                       query_scale_->gradient);
    head_norm_backward(raw + width_, 3 * width_, rows, heads_, key_scale_->value, dq + width_, 3 * width_, dq + width_,
                       3 * width_, key_scale_->gradient);
  }
  qkv_.backward(context.x, dqkv, dx);
}

}  // namespace moescope
