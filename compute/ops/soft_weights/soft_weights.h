// Soft MoE's two softmaxes of the same logits: over the tokens (dispatch) and over the slots (combine). NUMERICS 1.3.
#pragma once

#include "compute/core/tensor.h"

namespace moescope {

/// logits (G,S,Q) -> dispatch (G,S,Q), each column of a group sums to 1 over its S tokens; combine (G,S,Q), each row
/// sums to 1 over the Q slots. combine may be logits.
void soft_weights(const Tensor& logits, const Tensor& dispatch, const Tensor& combine);

/// dlogits = combine*(dcombine - rowsum(combine*dcombine)) + dispatch*(ddispatch - colsum(dispatch*ddispatch)),
/// overwritten; may be dcombine. NUMERICS 1.9.
void soft_weights_backward(const Tensor& dispatch, const Tensor& combine, const Tensor& ddispatch,
                           const Tensor& dcombine, const Tensor& dlogits);

}  // namespace moescope
