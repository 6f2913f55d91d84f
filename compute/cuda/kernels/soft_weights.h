// Soft MoE's two softmaxes of the same logits, over the tokens (dispatch) and over the slots (combine), on a GPU. Twin
// of compute/ops/soft_weights; NUMERICS 1.3, 1.7 and 1.9.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

namespace moescope::cuda {

/// logits, dispatch, combine (groups,tokens,slots); combine may be logits. mask (groups*tokens) or null: a token with 0
/// counts as if all its logits were the smallest float. logits are multiplied by `scale` (1 / temperature) first.
struct SoftWeightsArguments {
  const float* logits;
  float *dispatch, *combine;
  const uint8_t* mask;
  int64_t groups, tokens, slots;
  float scale;
};
cudaError_t launch_soft_weights(const SoftWeightsArguments& a, cudaStream_t stream);

/// dlogits = scale * (combine*(dcombine - rowsum(combine*dcombine)) + dispatch*(ddispatch -
/// colsum(dispatch*ddispatch))), overwritten, 0 for masked tokens; may be dcombine. workspace:
/// soft_weights_workspace_floats().
struct SoftWeightsBackwardArguments {
  const float *dispatch, *combine, *ddispatch, *dcombine;
  float* dlogits;
  const uint8_t* mask;
  int64_t groups, tokens, slots;
  float scale;
  float* workspace;
};
int64_t soft_weights_workspace_floats(int64_t groups, int64_t slots);
cudaError_t launch_soft_weights_backward(const SoftWeightsBackwardArguments& a, cudaStream_t stream);

/// weights (groups,tokens,slots) overwritten: `value` everywhere, or, identity, 1 where a token's number in its group
/// is the slot's and 0 elsewhere. In the place of one softmax or both: the Soft MoE paper's table 2, router.mixing.
struct FixWeightsArguments {
  float* weights;
  int64_t groups, tokens, slots;
  float value;
  bool identity;
};
cudaError_t launch_fix_weights(const FixWeightsArguments& a, cudaStream_t stream);

}  // namespace moescope::cuda
