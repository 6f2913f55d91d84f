// Matrix products with what stands around them.
#include "compute/cuda/dense_layers.h"

#include "compute/cuda/kernels/attention.h"
#include "compute/cuda/kernels/layer_norm.h"

namespace moescope::cuda {
namespace {

constexpr float kLayerNormEps = 1e-6f;  // as compute/ops/layer_norm

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

Linear::Linear(const Weights& weights, const std::string& weight_name, const std::string& bias_name, int64_t columns_in,
               int64_t columns_out)
    : weight(weights.get(weight_name)), bias(weights.get(bias_name)), in(columns_in), out(columns_out) {}

void Linear::forward(const Run& run, const float* x, float* y, int64_t rows) const {
  MatmulArguments product = dense_product(x, weight.value, y, 1, rows, out, in);
  product.bias = bias.value;
  run.multiply(product);
}

void Linear::backward(const Run& run, const float* x, const float* dy, float* dx, int64_t rows) const {
  run.multiply(dense_product(x, dy, weight.gradient, 1, in, out, rows, {.a = true, .accumulate = true}));
  add_column_sums(run, dy, bias.gradient, 1, rows, out);
  if (dx) run.multiply(dense_product(dy, weight.value, dx, 1, rows, in, out, {.b = true}));
}

Norm::Norm(const Weights& weights, const std::string& prefix, int64_t columns)
    : scale(weights.get(prefix + ".g")), bias(weights.get(prefix + ".b")), width(columns) {}

void Norm::forward(const Run& run, const float* x, const float* residual, float* sum, float* y, int64_t rows,
                   Context& context) const {
  context = {residual ? sum : x, run.floats(rows), run.floats(rows)};
  run.launch(launch_layer_norm, {.x = x,
                                 .residual = residual,
                                 .scale = scale.value,
                                 .bias = bias.value,
                                 .y = y,
                                 .mean = context.mean,
                                 .rstd = context.rstd,
                                 .sum = residual ? sum : nullptr,
                                 .y_bf16 = nullptr,
                                 .rows = rows,
                                 .columns = width,
                                 .epsilon = kLayerNormEps});
}

void Norm::backward(const Run& run, const Context& context, const float* dy, float* dx, int64_t rows) const {
  const ArenaScope scope(run.arena);
  run.launch(launch_layer_norm_backward, {.x = context.x,
                                          .scale = scale.value,
                                          .mean = context.mean,
                                          .rstd = context.rstd,
                                          .dy = dy,
                                          .dx = dx,
                                          .dscale = scale.gradient,
                                          .dbias = bias.gradient,
                                          .rows = rows,
                                          .columns = width,
                                          .workspace = run.floats(layer_norm_workspace_floats(rows, width))});
}

void HeadNorm::forward(const Run& run, const float* x, int64_t x_stride, float* y, int64_t y_stride,
                       int64_t rows) const {
  run.launch(launch_head_norm, {.x = x,
                                .scale = scale.value,
                                .y = y,
                                .x_stride = x_stride,
                                .y_stride = y_stride,
                                .rows = rows,
                                .heads = heads,
                                .width = width,
                                .epsilon = kLayerNormEps});
}

void HeadNorm::backward(const Run& run, const float* x, int64_t x_stride, float* dy, int64_t dy_stride,
                        int64_t rows) const {
  const ArenaScope scope(run.arena);
  run.launch(launch_head_norm_backward, {.x = x,
                                         .scale = scale.value,
                                         .dy = dy,
                                         .dx = dy,
                                         .dscale = scale.gradient,
                                         .x_stride = x_stride,
                                         .dy_stride = dy_stride,
                                         .dx_stride = dy_stride,
                                         .rows = rows,
                                         .heads = heads,
                                         .width = width,
                                         .epsilon = kLayerNormEps,
                                         .workspace = run.floats(layer_norm_workspace_floats(rows * heads, width))});
}

SelfAttention::SelfAttention(const Weights& weights, const std::string& prefix, int64_t columns, int64_t num_heads)
    : qkv(weights, prefix + ".wqkv", prefix + ".bqkv", columns, 3 * columns),
      out(weights, prefix + ".wo", prefix + ".bo", columns, columns),
      query_norm{weights.get_or_none(prefix + ".qn"), num_heads, columns / num_heads},
      key_norm{weights.get_or_none(prefix + ".kn"), num_heads, columns / num_heads},
      width(columns),
      heads(num_heads) {}

void SelfAttention::forward(const Run& run, const float* x, int64_t images, int64_t tokens, float* y,
                            Context& c) const {
  const int64_t rows = images * tokens;
  c = {x,
       run.floats(rows * 3 * width),
       query_norm.scale ? run.floats(rows * 2 * width) : nullptr,
       run.floats(rows * width),
       run.floats(images * heads * tokens),
       images};
  qkv.forward(run, x, c.qkv, rows);
  if (query_norm.scale) {
    query_norm.forward(run, c.qkv, 3 * width, c.normalized, 2 * width, rows);
    key_norm.forward(run, c.qkv + width, 3 * width, c.normalized + width, 2 * width, rows);
  }
  const Projections p = projections(c, width);
  run.launch(launch_attention, {.q = p.q,
                                .k = p.k,
                                .v = p.v,
                                .out = {c.mixed, width},
                                .log_sums = c.log_sums,
                                .probabilities = nullptr,
                                .images = images,
                                .queries = tokens,
                                .keys = tokens,
                                .heads = heads,
                                .width = width / heads});
  out.forward(run, c.mixed, y, rows);
}

void SelfAttention::backward(const Run& run, const Context& c, const float* dy, float* dx, int64_t tokens) const {
  const ArenaScope scope(run.arena);
  const int64_t rows = c.images * tokens;
  float *dmixed = run.floats(rows * width), *dqkv = run.floats(rows * 3 * width);
  out.backward(run, c.mixed, dy, dmixed, rows);
  const Projections p = projections(c, width);
  run.launch(launch_attention_backward, {.q = p.q,
                                         .k = p.k,
                                         .v = p.v,
                                         .out = {c.mixed, width},
                                         .dout = {dmixed, width},
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
  if (query_norm.scale) {
    query_norm.backward(run, c.qkv, 3 * width, dqkv, 3 * width, rows);
    key_norm.backward(run, c.qkv + width, 3 * width, dqkv + width, 3 * width, rows);
  }
  qkv.backward(run, c.x, dqkv, dx, rows);
}

}  // namespace moescope::cuda
