// Checks, threads and the choice of implementation for layer normalisation.
#include "compute/ops/layer_norm/layer_norm.h"

#include "compute/backends/thread_pool.h"
#include "compute/ops/check_operands.h"
#include "compute/ops/cpu_list.h"
#include "compute/ops/layer_norm/layer_norm_implementations.h"
#include "compute/ops/layer_norm/layer_norm_kernels.h"
#include "compute/ops/partial_sums.h"

namespace moescope {
namespace {

float* at(const Tensor& t, int64_t i) { return t.empty() ? nullptr : t.f32() + i; }

template <const LayerNormKernels& kernels>
void run_forward(const Tensor& x, const Tensor& scale, const Tensor& bias, const Tensor& y, const Tensor& mean,
                 const Tensor& rstd, float eps, const Tensor& residual, const Tensor& sum) {
  const int64_t d = columns_of(x);
  parallel_for(rows_of(x), row_grain(d), [&](int64_t begin, int64_t end, int) {
    kernels.forward({.x = x.f32() + begin * d,
                     .residual = at(residual, begin * d),
                     .scale = scale.f32(),
                     .bias = at(bias, 0),
                     .y = y.f32() + begin * d,
                     .mean = at(mean, begin),
                     .rstd = at(rstd, begin),
                     .sum = at(sum, begin * d),
                     .rows = end - begin,
                     .columns = d,
                     .eps = eps});
  });
}

template <const LayerNormKernels& kernels>
void run_backward(const Tensor& x, const Tensor& scale, const Tensor& mean, const Tensor& rstd, const Tensor& dy,
                  const Tensor& dx, const Tensor& dscale, const Tensor& dbias) {
  const int64_t d = columns_of(x);
  PartialSums dscale_parts(0, d), dbias_parts(1, dbias.empty() ? 0 : d);
  parallel_for(rows_of(x), row_grain(d), [&](int64_t begin, int64_t end, int thread) {
    kernels.backward({.x = x.f32() + begin * d,
                      .scale = scale.f32(),
                      .mean = mean.f32() + begin,
                      .rstd = rstd.f32() + begin,
                      .dy = dy.f32() + begin * d,
                      .dx = dx.f32() + begin * d,
                      .dscale = dscale_parts.of(thread),
                      .dbias = dbias.empty() ? nullptr : dbias_parts.of(thread),
                      .rows = end - begin,
                      .columns = d});
  });
  dscale_parts.add_to(dscale.f32());
  if (!dbias.empty()) dbias_parts.add_to(dbias.f32());
}

template <const LayerNormKernels& kernels>
void run_head_forward(const float* x, int64_t x_stride, int64_t rows, int64_t heads, const Tensor& scale, float* y,
                      int64_t y_stride, float eps) {
  const int64_t width = scale.size();
  parallel_for(rows, row_grain(heads * width), [&](int64_t begin, int64_t end, int) {
    kernels.head_forward({.x = x + begin * x_stride,
                          .scale = scale.f32(),
                          .y = y + begin * y_stride,
                          .x_stride = x_stride,
                          .y_stride = y_stride,
                          .rows = end - begin,
                          .heads = heads,
                          .columns = width,
                          .eps = eps});
  });
}

template <const LayerNormKernels& kernels>
void run_head_backward(const float* x, int64_t x_stride, int64_t rows, int64_t heads, const Tensor& scale,
                       const float* dy, int64_t dy_stride, float* dx, int64_t dx_stride, const Tensor& dscale,
                       float eps) {
  const int64_t width = scale.size();
  PartialSums dscale_parts(0, width);
  parallel_for(rows, row_grain(heads * width), [&](int64_t begin, int64_t end, int thread) {
    kernels.head_backward({.x = x + begin * x_stride,
                           .scale = scale.f32(),
                           .dy = dy + begin * dy_stride,
                           .dx = dx + begin * dx_stride,
                           .dscale = dscale_parts.of(thread),
                           .x_stride = x_stride,
                           .dy_stride = dy_stride,
                           .dx_stride = dx_stride,
                           .rows = end - begin,
                           .heads = heads,
                           .columns = width,
                           .eps = eps});
  });
  dscale_parts.add_to(dscale.f32());
}

}  // namespace

ImplementationList<LayerNormFn>& layer_norm_list() {
  static auto list = cpu_list<LayerNormFn>("layer_norm", run_forward<kLayerNormAvx512>, run_forward<kLayerNormAvx2>,
                                           run_forward<kLayerNormReference>);
  return list;
}

ImplementationList<LayerNormBackwardFn>& layer_norm_backward_list() {
  static auto list = cpu_list<LayerNormBackwardFn>("layer_norm_backward", run_backward<kLayerNormAvx512>,
                                                   run_backward<kLayerNormAvx2>, run_backward<kLayerNormReference>);
  return list;
}

ImplementationList<HeadNormFn>& head_norm_list() {
  static auto list = cpu_list<HeadNormFn>("head_norm", run_head_forward<kLayerNormAvx512>,
                                          run_head_forward<kLayerNormAvx2>, run_head_forward<kLayerNormReference>);
  return list;
}

ImplementationList<HeadNormBackwardFn>& head_norm_backward_list() {
  static auto list =
      cpu_list<HeadNormBackwardFn>("head_norm_backward", run_head_backward<kLayerNormAvx512>,
                                   run_head_backward<kLayerNormAvx2>, run_head_backward<kLayerNormReference>);
  return list;
}

void layer_norm(const Tensor& x, const Tensor& scale, const Tensor& bias, const Tensor& y, const Tensor& mean,
                const Tensor& rstd, float eps, const Tensor& residual, const Tensor& sum) {
  const char* op = "layer_norm";
  check_columns(op, "x", x, "scale", scale);
  if (!bias.empty()) check_columns(op, "x", x, "bias", bias);
  check_same_matrix(op, "x", x, "y", y);
  if (!mean.empty()) check_rows(op, "x", x, "mean", mean);
  if (!rstd.empty()) check_rows(op, "x", x, "rstd", rstd);
  if (!residual.empty()) {
    check_same_matrix(op, "x", x, "residual", residual);
    check_same_matrix(op, "x", x, "sum", sum);
  }
  layer_norm_list().choose(x.device()).run(x, scale, bias, y, mean, rstd, eps, residual, sum);
}

void layer_norm_backward(const Tensor& x, const Tensor& scale, const Tensor& mean, const Tensor& rstd, const Tensor& dy,
                         const Tensor& dx, const Tensor& dscale, const Tensor& dbias) {
  const char* op = "layer_norm_backward";
  check_columns(op, "x", x, "scale", scale);
  check_rows(op, "x", x, "mean", mean);
  check_rows(op, "x", x, "rstd", rstd);
  check_same_matrix(op, "x", x, "dy", dy);
  check_same_matrix(op, "x", x, "dx", dx);
  check_columns(op, "x", x, "dscale", dscale);
  if (!dbias.empty()) check_columns(op, "x", x, "dbias", dbias);
  layer_norm_backward_list().choose(x.device()).run(x, scale, mean, rstd, dy, dx, dscale, dbias);
}

void head_norm(const float* x, int64_t x_stride, int64_t rows, int64_t heads, const Tensor& scale, float* y,
               int64_t y_stride, float eps) {
  check_shape(heads * scale.size() <= x_stride && heads * scale.size() <= y_stride, [&] {
    return "head_norm: " + describe("scale", scale) + " for " + std::to_string(heads) + " heads does not fit rows of " +
           std::to_string(x_stride) + " and " + std::to_string(y_stride) +
           " numbers: expected heads * width of scale at most";
  });
  head_norm_list().choose(scale.device()).run(x, x_stride, rows, heads, scale, y, y_stride, eps);
}

void head_norm_backward(const float* x, int64_t x_stride, int64_t rows, int64_t heads, const Tensor& scale,
                        const float* dy, int64_t dy_stride, float* dx, int64_t dx_stride, const Tensor& dscale,
                        float eps) {
  check_same_size("head_norm_backward", "scale", scale, "dscale", dscale);
  const int64_t width = heads * scale.size();
  check_shape(width <= x_stride && width <= dy_stride && width <= dx_stride, [&] {
    return "head_norm_backward: " + describe("scale", scale) + " for " + std::to_string(heads) +
           " heads does not fit rows of " + std::to_string(x_stride) + ", " + std::to_string(dy_stride) + " and " +
           std::to_string(dx_stride) + " numbers: expected heads * width of scale at most";
  });
  head_norm_backward_list()
      .choose(scale.device())
      .run(x, x_stride, rows, heads, scale, dy, dy_stride, dx, dx_stride, dscale, eps);
}

}  // namespace moescope
