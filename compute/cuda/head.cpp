// Three ways to one vector per image, then the same road.
#include "compute/cuda/kernels/activation.h"
#include "compute/cuda/kernels/column_sums.h"
#include "compute/cuda/kernels/elementwise.h"
#include "compute/cuda/own_attention.h"
#include "compute/cuda/vision_layers.h"

namespace moescope::cuda {
namespace {

constexpr int64_t kFloat = sizeof(float);

}  // namespace

void Head::forward(const Run& run, const float* x, int64_t images, int64_t tokens, float* logits, Context& c) const {
  c.pooled = run.floats(images * width);
  const int64_t row = width * kFloat;
  switch (kind) {
    case HeadKind::gap:
      run.launch(launch_column_sums, {.x = x,
                                      .sums = c.pooled,
                                      .blocks = images,
                                      .rows = tokens,
                                      .columns = width,
                                      .stride = width,
                                      .factor = 1 / static_cast<float>(tokens),
                                      .accumulate = false,
                                      .workspace = run.floats(column_sums_workspace_floats(images, tokens, width))});
      break;
    case HeadKind::token: run.copy_rows(x, tokens * row, c.pooled, row, row, images); break;
    case HeadKind::map: map.forward(run, x, images, tokens, c.pooled, c.map); break;
  }
  c.representation = c.pooled;
  if (representation > 0) {
    c.representation = run.floats(images * representation);
    pre.forward(run, c.pooled, c.representation, images);
    run.launch(launch_tanh, {c.representation, nullptr, c.representation, images, representation});
  }
  last.forward(run, c.representation, logits, images);
}

void Head::backward(const Run& run, Context& c, int64_t images, int64_t tokens, const float* dlogits, float* dx) const {
  const ArenaScope scope(run.arena);
  const int64_t row = width * kFloat;
  float* dpooled = run.floats(images * last.in);
  last.backward(run, c.representation, dlogits, dpooled, images);
  if (representation > 0) {
    run.launch(launch_tanh_backward, {c.representation, dpooled, dpooled, images * representation});
    float* before = run.floats(images * width);
    pre.backward(run, c.pooled, dpooled, before, images);
    dpooled = before;
  }
  switch (kind) {
    case HeadKind::gap:
      run.launch(launch_spread_rows, {dpooled, dx, images, tokens, width, 1 / static_cast<float>(tokens)});
      break;
    case HeadKind::token:
      run.clear(dx, images * tokens * row);
      run.copy_rows(dpooled, row, dx, tokens * row, row, images);
      break;
    case HeadKind::map: map.backward(run, c.map, images, tokens, dpooled, dx); break;
  }
}

MapHead::MapHead(const Weights& weights, int64_t columns, int64_t num_heads, int64_t hidden)
    : probe(weights.get("map.probe")),
      query(weights, "map.attn.wq", "map.attn.bq", columns, columns),
      kv(weights, "map.attn.wkv", "map.attn.bkv", columns, 2 * columns),
      out(weights, "map.attn.wo", "map.attn.bo", columns, columns),
      query_norm{weights.get_or_none("map.attn.qn"), num_heads, columns / num_heads},
      key_norm{weights.get_or_none("map.attn.kn"), num_heads, columns / num_heads},
      norm(weights, "map.ln", columns),
      mlp(weights, "map.mlp.", 1, columns, hidden, Activation::gelu_tanh),
      width(columns),
      heads(num_heads) {}

void MapHead::forward(const Run& run, const float* x, int64_t images, int64_t tokens, float* y, Context& c) const {
  const int64_t rows = images * tokens;
  c.x = x;
  c.query = run.floats(width), c.kv = run.floats(rows * 2 * width);
  c.mixed = run.floats(images * width), c.pooled = run.floats(images * width),
  c.normalized = run.floats(images * width);
  c.log_sums = run.floats(images * heads);
  query.forward(run, probe.value, c.query, 1);
  kv.forward(run, x, c.kv, rows);
  HeadRows q{c.query, 0}, k{c.kv, 2 * width};
  if (query_norm.scale) {
    c.normalized_query = run.floats(width), c.normalized_key = run.floats(rows * width);
    query_norm.forward(run, c.query, width, c.normalized_query, width, 1);
    key_norm.forward(run, c.kv, 2 * width, c.normalized_key, width, rows);
    q.data = c.normalized_query, k = {c.normalized_key, width};
  }
  own_attention(run, {.q = q,
                      .k = k,
                      .v = {c.kv + width, 2 * width},
                      .out = {c.mixed, width},
                      .log_sums = c.log_sums,
                      .probabilities = nullptr,
                      .images = images,
                      .queries = 1,
                      .keys = tokens,
                      .heads = heads,
                      .width = width / heads});
  out.forward(run, c.mixed, c.pooled, images);
  norm.forward(run, c.pooled, nullptr, nullptr, c.normalized, images, c.norm);
  mlp.forward(run, c.normalized, y, images, c.mlp);
  add(run, c.pooled, y, images * width);
}

void MapHead::backward(const Run& run, Context& c, int64_t images, int64_t tokens, const float* dy, float* dx) const {
  const ArenaScope scope(run.arena);
  const int64_t rows = images * tokens, size = images * width;
  float *dpooled = run.floats(size), *dnormalized = run.floats(size);
  run.copy(dy, dpooled, size * kFloat);
  mlp.backward(run, c.mlp, dy, dnormalized);
  norm.backward(run, c.norm, dnormalized, dpooled, images);
  float *dmixed = run.floats(size), *dq = run.floats(size), *dkv = run.floats(rows * 2 * width);
  out.backward(run, c.mixed, dpooled, dmixed, images);
  const bool normed = c.normalized_query != nullptr;
  const HeadRows q{normed ? c.normalized_query : c.query, 0};
  const HeadRows k = normed ? HeadRows{c.normalized_key, width} : HeadRows{c.kv, 2 * width};
  own_attention_backward(run, {.q = q,
                               .k = k,
                               .v = {c.kv + width, 2 * width},
                               .out = {c.mixed, width},
                               .dout = {dmixed, width},
                               .dq = {dq, width},
                               .dk = {dkv, 2 * width},
                               .dv = {dkv + width, 2 * width},
                               .log_sums = c.log_sums,
                               .workspace = run.floats(images * heads),
                               .images = images,
                               .queries = 1,
                               .keys = tokens,
                               .heads = heads,
                               .width = width / heads});
  float* dquery = run.zeros(width);
  add_column_sums(run, dq, dquery, 1, images, width);
  if (normed) {
    query_norm.backward(run, c.query, width, dquery, width, 1);
    key_norm.backward(run, c.kv, 2 * width, dkv, 2 * width, rows);
  }
  float* dprobe = run.floats(width);
  query.backward(run, probe.value, dquery, dprobe, 1);
  add(run, dprobe, probe.gradient, width);
  kv.backward(run, c.x, dkv, dx, rows);
}

}  // namespace moescope::cuda
