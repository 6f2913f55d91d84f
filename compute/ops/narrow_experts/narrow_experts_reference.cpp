// The definition of a narrow expert, forward and back: plain sums in double, one row after the other.
#include <algorithm>

#include "compute/ops/narrow_experts/narrow_experts_kernels.h"

namespace moescope {
namespace {

int64_t hidden_row(const NarrowExpert& s) { return s.hidden; }

void forward(const NarrowExpert& s, int64_t rows, const float* x, const ExpertNumbers& n, float* hidden, float* y,
             float* scratch) {
  for (int64_t r = 0; r < rows; ++r, x += s.width, y += s.width) {
    float* h = hidden ? hidden + r * s.hidden : scratch;
    for (int64_t k = 0; k < s.hidden; ++k) {
      double sum = n.b1[k];
      for (int64_t d = 0; d < s.width; ++d) sum += static_cast<double>(x[d]) * n.w1[d * s.hidden + k];
      h[k] = std::max(static_cast<float>(sum), 0.0f);
    }
    for (int64_t d = 0; d < s.width; ++d) {
      double sum = n.b2[d];
      for (int64_t k = 0; k < s.hidden; ++k) sum += static_cast<double>(h[k]) * n.w2[k * s.width + d];
      y[d] = static_cast<float>(sum);
    }
  }
}

void backward(const NarrowExpert& s, int64_t rows, const float* x, const ExpertNumbers& n, const float* hidden,
              const float* dy, float* dx, const ExpertGradients& g, float* dhidden) {
  for (int64_t r = 0; r < rows; ++r, x += s.width, hidden += s.hidden, dy += s.width, dx += s.width) {
    for (int64_t k = 0; k < s.hidden; ++k) {
      double sum = 0;
      for (int64_t d = 0; d < s.width; ++d) {
        sum += static_cast<double>(dy[d]) * n.w2[k * s.width + d];
        g.w2[k * s.width + d] += hidden[k] * dy[d];
      }
      dhidden[k] = hidden[k] > 0 ? static_cast<float>(sum) : 0;
      g.b1[k] += dhidden[k];
    }
    for (int64_t d = 0; d < s.width; ++d) {
      g.b2[d] += dy[d];
      double sum = 0;
      for (int64_t k = 0; k < s.hidden; ++k) {
        sum += static_cast<double>(dhidden[k]) * n.w1[d * s.hidden + k];
        g.w1[d * s.hidden + k] += x[d] * dhidden[k];
      }
      dx[d] = static_cast<float>(sum);  // dy[d] has been read
    }
  }
}

}  // namespace

const NarrowExpertKernels kNarrowExpertReference = {hidden_row, hidden_row, forward, backward};

}  // namespace moescope
