// Between the projections: cuDNN's fused attention where there is one for the shape, our own kernels otherwise.
#include "compute/cuda/dense_layers.h"
#include "compute/cuda/own_attention.h"

namespace moescope::cuda {
namespace {

struct Projections {
  HeadRows q, k, v;
};

/// In the packed projection, or queries and keys in its normalised copy.
Projections projections(const SelfAttention::Context& c, int64_t width) {
  const HeadRows v{c.qkv + 2 * width, 3 * width};
  if (!c.normalized) return {{c.qkv, 3 * width}, {c.qkv + width, 3 * width}, v};
  return {{c.normalized, 2 * width}, {c.normalized + width, 2 * width}, v};
}

}  // namespace

SelfAttention::SelfAttention(const Weights& weights, const std::string& prefix, int64_t columns, int64_t num_heads)
    : qkv(weights, prefix + ".wqkv", prefix + ".bqkv", columns, 3 * columns),
      out(weights, prefix + ".wo", prefix + ".bo", columns, columns),
      query_norm{weights.get_or_none(prefix + ".qn"), num_heads, columns / num_heads},
      key_norm{weights.get_or_none(prefix + ".kn"), num_heads, columns / num_heads},
      width(columns),
      heads(num_heads) {}

FusedAttentionShape SelfAttention::fused_shape(int64_t images, int64_t tokens) const {
  const int64_t packed = 3 * width, q_stride = query_norm.scale ? 2 * width : packed;
  return {.images = images,
          .heads = heads,
          .queries = tokens,
          .keys = tokens,
          .width = width / heads,
          .q_stride = q_stride,
          .k_stride = q_stride,
          .v_stride = packed,
          .out_stride = width,
          .gradient_stride = packed};
}

void SelfAttention::attend_plainly(const Run& run, int64_t tokens, const Context& c, float* mixed,
                                   float* log_sums) const {
  const Projections p = projections(c, width);
  own_attention(run, {.q = p.q,
                      .k = p.k,
                      .v = p.v,
                      .out = {mixed, width},
                      .log_sums = log_sums,
                      .probabilities = c.probabilities,
                      .images = c.images,
                      .queries = tokens,
                      .keys = tokens,
                      .heads = heads,
                      .width = width / heads});
}

void SelfAttention::attend(const Run& run, int64_t tokens, Context& c) const {
  const int64_t rows = c.images * tokens;
  const FusedAttentionShape shape = fused_shape(c.images, tokens);
  if (run.fused_attention && run.fused_attention->takes(shape, run.plan.backward != 0)) {
    const uint16_t* packed = narrowed(run, c.qkv, rows * 3 * width);
    const uint16_t* q = c.normalized ? narrowed(run, c.normalized, rows * 2 * width) : packed;
    c.fused = {q, q + width, packed + 2 * width, run.halves(rows * width), c.log_sums};
    run.fused_attention->forward(run, shape, c.fused);
    widen(run, c.fused.out, c.mixed, rows * width);
    if (!c.probabilities) return;
    const ArenaScope scope(run.arena);  // cuDNN gives none: ours beside it, so that the output stays what it is
    attend_plainly(run, tokens, c, run.floats(rows * width), run.floats(rows * heads));
    return;
  }
  attend_plainly(run, tokens, c, c.mixed, c.log_sums);
}

void SelfAttention::attend_backward(const Run& run, const Context& c, const float* dmixed, float* dqkv,
                                    int64_t tokens) const {
  const int64_t rows = c.images * tokens;
  if (c.fused.q) {
    uint16_t* gradient = run.halves(rows * 3 * width);
    run.fused_attention->backward(run, fused_shape(c.images, tokens), c.fused, narrowed(run, dmixed, rows * width),
                                  {gradient, gradient + width, gradient + 2 * width});
    widen(run, gradient, dqkv, rows * 3 * width);
    return;
  }
  const Projections p = projections(c, width);
  own_attention_backward(run, {.q = p.q,
                               .k = p.k,
                               .v = p.v,
                               .out = {c.mixed, width},
                               .dout = {const_cast<float*>(dmixed), width},
                               .dq = {dqkv, 3 * width},
                               .dk = {dqkv + width, 3 * width},
                               .dv = {dqkv + 2 * width, 3 * width},
                               .log_sums = c.log_sums,
                               .workspace = run.floats(c.images * heads * tokens),
                               .images = c.images,
                               .queries = tokens,
                               .keys = tokens,
                               .heads = heads,
                               .width = width / heads});
}

void SelfAttention::forward(const Run& run, const float* x, int64_t images, int64_t tokens, float* y, Context& c,
                            bool keep_probabilities) const {
  const int64_t rows = images * tokens;
  c = {x,
       run.floats(rows * 3 * width),
       query_norm.scale ? run.floats(rows * 2 * width) : nullptr,
       run.floats(rows * width),
       run.floats(images * heads * tokens),
       keep_probabilities ? run.floats(images * heads * tokens * tokens) : nullptr,
       {},
       images};
  qkv.forward(run, x, c.qkv, rows);
  if (query_norm.scale) {
    query_norm.forward(run, c.qkv, 3 * width, c.normalized, 2 * width, rows);
    key_norm.forward(run, c.qkv + width, 3 * width, c.normalized + width, 2 * width, rows);
  }
  attend(run, tokens, c);
  out.forward(run, c.mixed, y, rows);
}

void SelfAttention::backward(const Run& run, const Context& c, const float* dy, float* dx, int64_t tokens) const {
  const ArenaScope scope(run.arena);
  const int64_t rows = c.images * tokens;
  float *dmixed = run.floats(rows * width), *dqkv = run.floats(rows * 3 * width);
  out.backward(run, c.mixed, dy, dmixed, rows);
  attend_backward(run, c, dmixed, dqkv, tokens);
  if (query_norm.scale) {
    query_norm.backward(run, c.qkv, 3 * width, dqkv, 3 * width, rows);
    key_norm.backward(run, c.qkv + width, 3 * width, dqkv + width, 3 * width, rows);
  }
  qkv.backward(run, c.x, dqkv, dx, rows);
}

}  // namespace moescope::cuda
