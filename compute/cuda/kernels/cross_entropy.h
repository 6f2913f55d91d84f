// Classification losses on soft targets, on a GPU. Twin of compute/ops/cross_entropy; NUMERICS 4.6.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

namespace moescope::cuda {

enum class Loss : int { softmax, sigmoid };

/// logits, targets (rows,classes). loss (one double) = the sum over rows, in a fixed order. dlogits, or null, receives
/// the gradient of loss * gradient_scale; may be logits. row_loss (rows) is needed. predicted (rows) or null: the class
/// with the largest logit, ties to the lower.
struct CrossEntropyArguments {
  Loss kind;
  const float *logits, *targets;
  float *dlogits, *row_loss;
  int32_t* predicted;
  double* loss;
  int64_t rows, classes;
  float gradient_scale;
};
cudaError_t launch_cross_entropy(const CrossEntropyArguments& a, cudaStream_t stream);

}  // namespace moescope::cuda
