// Optimiser updates over a stretch of parameters, one pass each. NUMERICS 4.7.
#pragma once

#include "compute/core/tensor.h"

namespace moescope {

struct AdamStep {
  float learning_rate, beta1, beta2, epsilon, weight_decay;
  int64_t step;          // counts from 1, for the bias correction
  float gradient_scale;  // clipping: gradients are multiplied by it first
};

/// m = b1 m + (1-b1) g; v = b2 v + (1-b2) g²; w -= lr * (m̂ / (sqrt(v̂) + eps) + decay * w). All (n), in place.
void adamw(const AdamStep& step, const Tensor& gradient, const Tensor& m, const Tensor& v, const Tensor& parameter);

struct SgdStep {
  float learning_rate, momentum, weight_decay, gradient_scale;
};
/// m = g + momentum * m; w -= lr * (m + decay * w).
void sgd_momentum(const SgdStep& step, const Tensor& gradient, const Tensor& m, const Tensor& parameter);

/// Sum of squares in double, in a fixed order for a fixed number of threads; NaN and infinities come through.
double sum_of_squares(const Tensor& x);

}  // namespace moescope
