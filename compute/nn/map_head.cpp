// The probe is the same for every image: its query is one row, read with stride 0.
#include "compute/nn/map_head.h"

#include "compute/ops/attention/attention.h"
#include "compute/ops/layer_norm/layer_norm.h"
#include "compute/ops/reduce/reduce.h"

namespace moescope {

MapHead::MapHead(ParameterSet& parameters, const std::string& prefix, int64_t width, int64_t heads, int64_t hidden,
                 bool qk_norm)
    : probe_(parameters.add(prefix + ".probe", {1, 1, width}, ParameterRole::token, Init::xavier_uniform(1, width))),
      query_(parameters, prefix + ".attn.wq", prefix + ".attn.bq", width, width, Init::xavier_uniform(width, width),
             Init::constant(0)),
      kv_(parameters, prefix + ".attn.wkv", prefix + ".attn.bkv", width, 2 * width, Init::xavier_uniform(width, width),
          Init::constant(0)),
      out_(parameters, prefix + ".attn.wo", prefix + ".attn.bo", width, width, Init::xavier_uniform(width, width),
           Init::constant(0)),
      norm_(parameters, prefix + ".ln", width),
      mlp_(parameters, prefix + ".mlp", width, hidden),
      width_(width),
      heads_(heads) {
  if (!qk_norm) return;
  query_scale_ = parameters.add(prefix + ".attn.qn", {width / heads}, ParameterRole::norm, Init::constant(1));
  key_scale_ = parameters.add(prefix + ".attn.kn", {width / heads}, ParameterRole::norm, Init::constant(1));
}

void MapHead::forward(const Tensor& x, int64_t images, const Tensor& y, Arena& arena, bool keep, Context& c) const {
  const Arena::Mark before = arena.mark();
  const int64_t rows = x.dim(0), tokens = rows / images;
  c.x = x;
  c.images = images;
  c.query = arena.make({1, width_});
  c.kv = arena.make({rows, 2 * width_});
  c.mixed = arena.make({images, width_});
  c.pooled = arena.make({images, width_});
  c.normalized = arena.make({images, width_});
  query_.forward(probe_->value.reshaped({1, width_}), c.query);
  kv_.forward(x, c.kv);
  HeadRows q{c.query.f32(), 0}, k{c.kv.f32(), 2 * width_};
  if (query_scale_) {
    c.normalized_query = arena.make({1, width_});
    c.normalized_key = arena.make({rows, width_});
    head_norm(c.query.f32(), width_, 1, heads_, query_scale_->value, c.normalized_query.f32(), width_);
    head_norm(c.kv.f32(), 2 * width_, rows, heads_, key_scale_->value, c.normalized_key.f32(), width_);
    q.data = c.normalized_query.f32();
    k = {c.normalized_key.f32(), width_};
  }
  attention({images, 1, tokens, heads_, width_ / heads_}, q, k, {c.kv.f32() + width_, 2 * width_},
            {c.mixed.f32(), width_});
  out_.forward(c.mixed, c.pooled);
  norm_.forward(c.pooled, {}, {}, c.normalized, arena, keep, c.norm);
  mlp_.forward(c.normalized, y, arena, keep, c.mlp);
  add(c.pooled, y);
  if (!keep) arena.rewind(before);
}

void MapHead::backward(const Context& c, const Tensor& dy, const Tensor& dx, Arena& arena) const {
  const ArenaScope scope(arena);
  const int64_t rows = c.x.dim(0), tokens = rows / c.images;
  const Tensor dpooled = arena.make({c.images, width_}), dnormalized = arena.make({c.images, width_});
  copy(dy, dpooled);
  mlp_.backward(c.mlp, dy, dnormalized, arena);
  norm_.backward(c.norm, dnormalized, dpooled);

  const Tensor dmixed = arena.make({c.images, width_}), dq = arena.make({c.images, width_}),
               dkv = arena.make({rows, 2 * width_});
  out_.backward(c.mixed, dpooled, dmixed);
  const bool normed = query_scale_ != nullptr;
  const HeadRows q{normed ? c.normalized_query.f32() : c.query.f32(), 0};
  const HeadRows k = normed ? HeadRows{c.normalized_key.f32(), width_} : HeadRows{c.kv.f32(), 2 * width_};
  attention_backward({c.images, 1, tokens, heads_, width_ / heads_}, q, k, {c.kv.f32() + width_, 2 * width_},
                     {dmixed.f32(), width_}, {dq.f32(), width_}, {dkv.f32(), 2 * width_},
                     {dkv.f32() + width_, 2 * width_});
  const Tensor dquery = arena.zeros({1, width_});
  add_column_sums(dq, dquery.reshaped({width_}));
  if (normed) {
    head_norm_backward(c.query.f32(), width_, 1, heads_, query_scale_->value, dquery.f32(), width_, dquery.f32(),
                       width_, query_scale_->gradient);
    head_norm_backward(c.kv.f32(), 2 * width_, rows, heads_, key_scale_->value, dkv.f32(), 2 * width_, dkv.f32(),
                       2 * width_, key_scale_->gradient);
  }
  const Tensor dprobe = arena.make({1, width_});
  query_.backward(probe_->value.reshaped({1, width_}), dquery, dprobe);
  add(dprobe.reshaped({1, 1, width_}), probe_->gradient);
  kv_.backward(c.x, dkv, dx);
}

}  // namespace moescope
