// The definition of the classification losses, in double. NUMERICS 4.6.
#include <cmath>

#include "compute/ops/cross_entropy/cross_entropy_kernels.h"

namespace moescope {
namespace {

// loss = -sum_c t_c log p_c;  dlogit_c = p_c * sum(t) - t_c  (targets may be smoothed or mixed, so their sum is kept)
double softmax(const float* logits, const float* targets, float* dlogits, float gradient_scale, int64_t rows,
               int64_t classes) {
  double loss = 0;
  for (int64_t r = 0; r < rows; ++r) {
    const float *l = logits + r * classes, *t = targets + r * classes;
    double max = l[0], sum = 0, target_sum = 0;
    for (int64_t c = 1; c < classes; ++c) max = l[c] > max ? l[c] : max;
    for (int64_t c = 0; c < classes; ++c) sum += std::exp(l[c] - max), target_sum += t[c];
    const double log_sum = max + std::log(sum);
    for (int64_t c = 0; c < classes; ++c) {
      const double log_p = l[c] - log_sum;
      loss -= t[c] * log_p;
      if (dlogits)
        dlogits[r * classes + c] = static_cast<float>(gradient_scale * (std::exp(log_p) * target_sum - t[c]));
    }
  }
  return loss;
}

// loss = sum_c softplus(l_c) - t_c l_c;  dlogit_c = sigmoid(l_c) - t_c
double sigmoid(const float* logits, const float* targets, float* dlogits, float gradient_scale, int64_t rows,
               int64_t classes) {
  double loss = 0;
  for (int64_t i = 0; i < rows * classes; ++i) {
    const double l = logits[i], t = targets[i];
    loss += (l < 0 ? 0 : l) + std::log1p(std::exp(-std::abs(l))) - t * l;  // softplus that cannot overflow
    if (dlogits) dlogits[i] = static_cast<float>(gradient_scale * (1 / (1 + std::exp(-l)) - t));
  }
  return loss;
}

}  // namespace

const CrossEntropyKernels kCrossEntropyReference = {softmax, sigmoid};

}  // namespace moescope
