// The experts of a small network: two-layer MLPs with a ReLU over rows of few numbers (16 in a MinAtar agent), whose
// hidden layer is made, used and forgotten block by block within the first cache. matmul.h does the same for wide rows.
#pragma once

#include "compute/core/tensor.h"

namespace moescope {

/// Widest rows for which this is the faster way; beyond, the hidden layer is worth a product of its own.
inline constexpr int64_t kNarrowWidth = 32;

/// The two layers of E experts, or their gradients: w1 (E,D,H) b1 (E,H) w2 (E,H,D) b2 (E,D).
struct ExpertTensors {
  Tensor w1, b1, w2, b2;
};

/// y[r,:] = relu(x[r,:] w1[e] + b1[e]) w2[e] + b2[e] for the rows [offset[e], offset[e+1]) of expert e. x and y (R,D),
/// hidden (R,H) receives what left the ReLU, or is empty. offset: E+1 ascending row numbers from 0 to R. Throws
/// ShapeError. Work: 4*R*D*H FLOPs.
void narrow_experts(const Tensor& x, const int32_t* offset, const ExpertTensors& experts, const Tensor& hidden,
                    const Tensor& y);
/// gradients +=, dx (R,D) overwritten, may be dy. Work: twice the forward's.
void narrow_experts_backward(const Tensor& x, const int32_t* offset, const ExpertTensors& experts, const Tensor& hidden,
                             const Tensor& dy, const Tensor& dx, const ExpertTensors& gradients);

}  // namespace moescope
