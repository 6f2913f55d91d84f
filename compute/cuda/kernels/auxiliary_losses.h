// Importance, load and GShard losses of every group, on a GPU. Twin of compute/moe/auxiliary_losses;
// NUMERICS 2.6, 2.10, 2.11.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

namespace moescope::cuda {

/// Scores of all groups, (T,E) each, and expert (T,K), as launch_gate leaves them. noise_deviation 0: no load loss.
struct AuxiliaryScores {
  const float *logits, *noisy_logits, *gates, *clean_gates;
  const int32_t* expert;
  int64_t tokens, group_tokens, experts, k;
  float noise_deviation;
};
/// Weights of the three losses; 0 leaves one out.
struct AuxiliaryWeights {
  float importance, load, gshard;
};

/// group_sums (G,3,E): importance, chances, first-choice shares. group_losses (G,3). means (4): the losses' means over
/// groups and their weighted sum. workspace: auxiliary_workspace_floats().
struct AuxiliaryLossesArguments {
  AuxiliaryScores scores;
  AuxiliaryWeights weights;
  float *group_sums, *group_losses, *means;
  float* workspace;
};
int64_t auxiliary_workspace_floats(int64_t tokens, int64_t group_tokens, int64_t experts);
cudaError_t launch_auxiliary_losses(const AuxiliaryLossesArguments& a, cudaStream_t stream);

/// dgates (T,E) += of gshard, before the softmax's backward pass. weights carry aux_scale / G.
struct AuxiliaryGateGradientArguments {
  AuxiliaryScores scores;
  float weight;
  const float* group_sums;
  float* dgates;
};
cudaError_t launch_auxiliary_gate_gradient(const AuxiliaryGateGradientArguments& a, cudaStream_t stream);

/// dlogits (T,E) += of importance and load, after it. weights carry aux_scale / G.
struct AuxiliaryLogitGradientArguments {
  AuxiliaryScores scores;
  AuxiliaryWeights weights;
  const float* group_sums;
  float* dlogits;
};
cudaError_t launch_auxiliary_logit_gradient(const AuxiliaryLogitGradientArguments& a, cudaStream_t stream);

}  // namespace moescope::cuda
