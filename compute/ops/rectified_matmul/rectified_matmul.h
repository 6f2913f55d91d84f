// Matrix products whose left operand has left a ReLU: where it is 0 nothing is multiplied. Of a MinAtar agent's features
// 0.4 are not 0.
#pragma once

#include "compute/core/tensor.h"

namespace moescope {

/// y (M,N) = a (M,K) b (K,N) + bias (N). A 0 in `a` hides an infinity or NaN in its row of b. Throws ShapeError. Work:
/// 2*M*K*N FLOPs are counted, as for any product.
void rectified_matmul(const Tensor& a, const Tensor& b, const Tensor& bias, const Tensor& y);
/// db (K,N) += aᵀ dy, with dy (M,N).
void rectified_matmul_weights(const Tensor& a, const Tensor& dy, const Tensor& db);

}  // namespace moescope
