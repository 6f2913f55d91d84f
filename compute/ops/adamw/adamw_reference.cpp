// The definition of the optimisers' updates, in double, one parameter at a time. NUMERICS 4.7.
#include <cmath>
#include <limits>

#include "compute/ops/adamw/adamw_kernels.h"

namespace moescope {
namespace {

/// As float, and 0 below its normal range (adamw_vector.h says why).
float stored(double x) {
  const auto value = static_cast<float>(x);
  return std::fabs(value) < std::numeric_limits<float>::min() ? 0 : value;
}

void adamw(const AdamNumbers& a, const float* gradient, float* m, float* v, float* parameter, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    const double g = gradient[i] * a.gradient_scale, w = parameter[i];
    const double m_i = a.beta1 * m[i] + (1 - a.beta1) * g;
    const double v_i = a.beta2 * v[i] + (1 - a.beta2) * g * g;
    const double direction = m_i * a.correction1 / (std::sqrt(v_i * a.correction2) + a.epsilon);
    m[i] = stored(m_i);
    v[i] = stored(v_i);
    parameter[i] = stored(w - a.learning_rate * (direction + a.weight_decay * w));
  }
}

void sgd_momentum(const SgdNumbers& a, const float* gradient, float* m, float* parameter, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    const double w = parameter[i], m_i = gradient[i] * a.gradient_scale + a.momentum * m[i];
    m[i] = stored(m_i);
    parameter[i] = stored(w - a.learning_rate * (m_i + a.weight_decay * w));
  }
}

double sum_of_squares(const float* x, int64_t n) {
  double sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += static_cast<double>(x[i]) * x[i];
  return sum;
}

}  // namespace

const AdamWKernels kAdamWReference = {adamw, sgd_momentum, sum_of_squares};

}  // namespace moescope
