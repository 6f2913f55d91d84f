// Two-layer MLPs of equal shape with equally many rows each, in one strided-batched product a layer: a mixture's
// experts, and with one of them the MLP of a dense block. Mirrors compute/moe/experts and compute/nn/mlp.
#pragma once

#include "compute/cuda/run.h"

namespace moescope::cuda {

struct Experts {
  Weight w1, b1, w2, b2;  // (E,D,columns), (E,columns), (E,H,D), (E,D)
  int64_t count = 1, width = 0, hidden = 0;
  Activation activation = Activation::gelu_tanh;
  struct Context {
    const float* x = nullptr;  // (E,rows,D)
    float* inner = nullptr;    // (E,rows,columns) before the activation
    int64_t rows = 0;          // of each
  };

  Experts() = default;
  Experts(const Weights& weights, const std::string& prefix, int64_t experts, int64_t columns_in,
          int64_t columns_hidden, Activation kind);
  int64_t inner_columns() const { return activation == Activation::geglu ? 2 * hidden : hidden; }
  /// y (E,rows,D) from x (E,rows,D).
  void forward(const Run& run, const float* x, float* y, int64_t rows, Context& context) const;
  /// Parameter gradients +=; dx (E,rows,D) overwritten, may be dy.
  void backward(const Run& run, const Context& context, const float* dy, float* dx) const;
};

}  // namespace moescope::cuda
