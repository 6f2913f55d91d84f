// Keeps the hidden layer before its activation; the activation is computed again on the way back.
#include "compute/cuda/experts.h"

#include "compute/cuda/kernels/activation.h"

namespace moescope::cuda {
namespace {

ActivationKind kind_of(Activation activation) {
  switch (activation) {
    case Activation::gelu_tanh: return ActivationKind::gelu_tanh;
    case Activation::gelu_erf: return ActivationKind::gelu_erf;
    case Activation::relu: return ActivationKind::relu;
    case Activation::geglu: break;
  }
  return ActivationKind::geglu;
}

}  // namespace

Experts::Experts(const Weights& weights, const std::string& prefix, int64_t experts, int64_t columns_in,
                 int64_t columns_hidden, Activation kind)
    : w1(weights.get(prefix + "w1")),
      b1(weights.get(prefix + "b1")),
      w2(weights.get(prefix + "w2")),
      b2(weights.get(prefix + "b2")),
      count(experts),
      width(columns_in),
      hidden(columns_hidden),
      activation(kind) {}

void Experts::forward(const Run& run, const float* x, float* y, int64_t rows, Context& c) const {
  const int64_t columns = inner_columns();
  c = {x, run.floats(count * rows * columns), rows};
  const ArenaScope scope(run.arena);
  float* activated = run.floats(count * rows * hidden);
  MatmulArguments first = dense_product(x, w1.value, activated, count, rows, columns, width);
  first.bias = b1.value, first.bias_stride = columns;
  if (activation != Activation::gelu_tanh || !run.blas.multiply_gelu(first, c.inner, run.stream)) {
    first.y = c.inner;
    run.multiply(first);
    run.launch(launch_activation, {.kind = kind_of(activation),
                                   .x = c.inner,
                                   .bias = nullptr,
                                   .x_out = nullptr,
                                   .y = activated,
                                   .y_bf16 = nullptr,
                                   .rows = count * rows,
                                   .columns = columns,
                                   .rows_per_bias = count * rows});
  }
  MatmulArguments second = dense_product(activated, w2.value, y, count, rows, width, hidden);
  second.bias = b2.value, second.bias_stride = width;
  run.multiply(second);
}

void Experts::backward(const Run& run, const Context& c, const float* dy, float* dx) const {
  const ArenaScope scope(run.arena);
  const int64_t columns = inner_columns(), rows = c.rows;
  float *activated = run.floats(count * rows * hidden), *dactivated = run.floats(count * rows * hidden);
  float* dinner = activation == Activation::geglu ? run.floats(count * rows * columns) : dactivated;
  run.multiply(dense_product(dy, w2.value, dactivated, count, rows, hidden, width, {.b = true}));
  run.launch(launch_activation_backward, {.kind = kind_of(activation),
                                          .x = c.inner,
                                          .dy = dactivated,
                                          .dx = dinner,
                                          .y = activated,
                                          .y_bf16 = nullptr,
                                          .rows = count * rows,
                                          .columns = columns});
  run.multiply(dense_product(activated, dy, w2.gradient, count, hidden, width, rows, {.a = true, .accumulate = true}));
  add_column_sums(run, dy, b2.gradient, count, rows, width);
  run.multiply(dense_product(c.x, dinner, w1.gradient, count, width, columns, rows, {.a = true, .accumulate = true}));
  add_column_sums(run, dinner, b1.gradient, count, rows, columns);
  run.multiply(dense_product(dinner, w1.value, dx, count, rows, width, columns, {.b = true}));
}

}  // namespace moescope::cuda
