// Classification losses on soft targets. NUMERICS 4.6.
#pragma once

#include "compute/core/tensor.h"
#include "compute/records/run_config.h"

namespace moescope {

/// Sum over the N images of the loss (double accumulation). logits, targets (N,classes). When dlogits is not empty it
/// receives the gradient of sum * gradient_scale (pass 1/batch for a mean over the batch); it may be logits.
/// softmax: -sum targets*log_softmax; sigmoid: sum softplus(l) - targets*l.
double cross_entropy(LossKind kind, const Tensor& logits, const Tensor& targets, const Tensor& dlogits = {},
                     float gradient_scale = 1);

}  // namespace moescope
