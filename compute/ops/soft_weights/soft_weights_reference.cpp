// The definition of Soft MoE's weights for one group: a softmax down each column, another along each row. Sums in
// double.
#include <cmath>

#include "compute/ops/soft_weights/soft_weights_kernels.h"

namespace moescope {
namespace {

// y = softmax of n numbers that stand `stride` apart; y may be x.
void softmax(const float* x, float* y, int64_t n, int64_t stride) {
  double max = x[0], sum = 0;
  for (int64_t i = 1; i < n; ++i) max = x[i * stride] > max ? x[i * stride] : max;
  for (int64_t i = 0; i < n; ++i) sum += std::exp(x[i * stride] - max);
  for (int64_t i = 0; i < n; ++i) y[i * stride] = static_cast<float>(std::exp(x[i * stride] - max) / sum);
}

double dot(const float* a, const float* b, int64_t n, int64_t stride) {
  double sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += static_cast<double>(a[i * stride]) * b[i * stride];
  return sum;
}

void forward(const float* logits, float* dispatch, float* combine, int64_t tokens, int64_t slots, float*) {
  for (int64_t q = 0; q < slots; ++q) softmax(logits + q, dispatch + q, tokens, slots);
  for (int64_t s = 0; s < tokens; ++s) softmax(logits + s * slots, combine + s * slots, slots, 1);
}

// dcombine's part first, then dispatch's is added column by column. NUMERICS 1.9.
void backward(const float* dispatch, const float* combine, const float* ddispatch, const float* dcombine,
              float* dlogits, int64_t tokens, int64_t slots, float*) {
  for (int64_t s = 0; s < tokens; ++s) {
    const double row_sum = dot(combine + s * slots, dcombine + s * slots, slots, 1);
    for (int64_t i = s * slots; i < (s + 1) * slots; ++i)
      dlogits[i] = static_cast<float>(combine[i] * (dcombine[i] - row_sum));
  }
  for (int64_t q = 0; q < slots; ++q) {
    const double column_sum = dot(dispatch + q, ddispatch + q, tokens, slots);
    for (int64_t i = q; i < tokens * slots; i += slots)
      dlogits[i] = static_cast<float>(dlogits[i] + dispatch[i] * (ddispatch[i] - column_sum));
  }
}

}  // namespace

const SoftWeightsKernels kSoftWeightsReference = {forward, backward};

}  // namespace moescope
