// The definition: plain sums in double.
#include "compute/ops/rectified_matmul/rectified_matmul_kernels.h"

namespace moescope {
namespace {

void forward(int64_t rows, int64_t depth, int64_t columns, const float* a, const float* b, const float* bias,
             float* y) {
  for (int64_t m = 0; m < rows; ++m)
    for (int64_t j = 0; j < columns; ++j) {
      double sum = bias[j];
      for (int64_t k = 0; k < depth; ++k)
        if (a[m * depth + k] != 0) sum += static_cast<double>(a[m * depth + k]) * b[k * columns + j];
      y[m * columns + j] = static_cast<float>(sum);
    }
}

void weights(int64_t rows, int64_t depth, int64_t columns, const float* a, const float* dy, float* db, int64_t begin,
             int64_t end) {
  for (int64_t k = begin; k < end; ++k)
    for (int64_t j = 0; j < columns; ++j) {
      double sum = db[k * columns + j];
      for (int64_t m = 0; m < rows; ++m)
        if (a[m * depth + k] != 0) sum += static_cast<double>(a[m * depth + k]) * dy[m * columns + j];
      db[k * columns + j] = static_cast<float>(sum);
    }
}

}  // namespace

const RectifiedMatmulKernels kRectifiedMatmulReference = {forward, weights};

}  // namespace moescope
