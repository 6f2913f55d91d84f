// Soft MoE's dispatch and combine: dense weighted sums between the tokens of a group and the slots of all experts.
//
// Axes: G groups, S tokens of a group, E experts, P slots per expert, Q = E*P, D width. Slots live expert-major,
// (E, G*P, D): expert e's rows for group g are [g*P, (g+1)*P), ready for one matrix product per expert.
#pragma once

#include "compute/core/tensor.h"

namespace moescope {

/// slots[e, g*P + j, :] = sum over s of dispatch[g,s,e*P+j] * x[g*S+s,:]. dispatch (G,S,Q), x (G*S,D), slots (E,G*P,D)
/// overwritten. Work: 2*G*S*Q*D FLOPs.
void dispatch(const Tensor& weights, const Tensor& x, const Tensor& slots);
/// ddispatch (G,S,Q) overwritten, dx (G*S,D) +=.
void dispatch_backward(const Tensor& weights, const Tensor& x, const Tensor& dslots, const Tensor& dweights,
                       const Tensor& dx);

/// y[g*S+s,:] = sum over e,j of weights[g,s,e*P+j] * slots[e, g*P+j, :]. y (G*S,D) overwritten.
void combine(const Tensor& weights, const Tensor& slots, const Tensor& y);
/// dweights (G,S,Q) and dslots (E,G*P,D), both overwritten.
void combine_backward(const Tensor& weights, const Tensor& slots, const Tensor& dy, const Tensor& dweights,
                      const Tensor& dslots);

}  // namespace moescope
