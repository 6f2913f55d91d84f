// Matrix products with what stands around them. SelfAttention is in self_attention.cpp.
#include "compute/cuda/dense_layers.h"

#include "compute/cuda/kernels/layer_norm.h"

namespace moescope::cuda {
namespace {

constexpr float kLayerNormEps = 1e-6f;  // as compute/ops/layer_norm

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

}  // namespace moescope::cuda
