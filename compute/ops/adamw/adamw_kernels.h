// The inner loops of the optimisers, one table per instruction set.
#pragma once

#include <cstdint>

namespace moescope {

struct AdamNumbers {
  double learning_rate, beta1, beta2, epsilon, weight_decay, gradient_scale;
  double correction1, correction2;  // 1 / (1 - beta^step)
};

struct SgdNumbers {
  double learning_rate, momentum, weight_decay, gradient_scale;
};

struct AdamWKernels {
  void (*adamw)(const AdamNumbers& a, const float* gradient, float* m, float* v, float* parameter, int64_t n);
  void (*sgd_momentum)(const SgdNumbers& a, const float* gradient, float* m, float* parameter, int64_t n);
  double (*sum_of_squares)(const float* x, int64_t n);
};

extern const AdamWKernels kAdamWReference, kAdamWAvx2, kAdamWAvx512;

}  // namespace moescope
