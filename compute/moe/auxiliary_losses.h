// Losses that keep the experts balanced: importance and load (V-MoE, app. A), and GShard's. NUMERICS 2.6, 2.10, 2.11.
#pragma once

#include <cstdint>

#include "compute/core/arena.h"
#include "compute/moe/routing.h"

namespace moescope {

/// One group's scores, (S,E) each.
struct GroupScores {
  const float* logits = nullptr;  // clean
  const float* noisy_logits = nullptr;
  const float* gates = nullptr;  // softmax of the noisy logits
  const float* clean_gates = nullptr;
  const int32_t* expert = nullptr;  // (S,K) the token's best experts by noisy logit, best first
  int64_t tokens = 0, experts = 0, k = 0;
  float noise_deviation = 0;  // 0: no noise, and no load loss
};

/// CV²(v) = var / mean², population variance over n values; 0 when the mean is.
double cv_squared(const float* v, int64_t n);
/// Its gradient times `weight` into out (n): 2 / (n m²) * (v - m - var/m). Zero where all values are equal, for which
/// the released code's form (std/mean)² gives NaN.
void cv_squared_gradient(const float* v, int64_t n, double weight, float* out);

/// importance = CV²(sum over tokens of the clean gates);
/// load = CV²(mean over tokens of the chance that a fresh draw of noise would put the expert among the k best);
/// gshard = E * sum of (share of tokens whose best expert is e) * (mean gate of e).
/// sums (3,E) keeps what the backward pass needs; scratch holds E doubles.
AuxiliaryLosses group_losses(const GroupScores& scores, float* sums, double* scratch);

/// The gradient of weight * gshard: dgates (S,E) +=.
void gshard_backward(const GroupScores& scores, const float* sums, double weight, float* dgates);
/// The gradients of the weighted importance and load: dlogits (S,E) +=, through the clean softmax and through the clean
/// and the threshold logits. A weight of 0 skips its term. scratch holds 2E floats.
void balance_backward(const GroupScores& scores, const float* sums, const AuxiliaryLosses& weights, float* dlogits,
                      float* scratch);

/// All groups of a Tokens Choice routing: fills routing.group_losses, their means, and in training the weighted sum.
void auxiliary_losses(const RouterConfig& router, bool training, Routing& routing, Arena& arena);
/// dgates (T,E) += of the weighted losses that go through the gates; weights carry aux_scale / G.
void auxiliary_gate_gradients(const RouterConfig& router, const Routing& routing, double aux_scale,
                              const Tensor& dgates);
/// dlogits (T,E) += of those that go through the logits.
void auxiliary_logit_gradients(const RouterConfig& router, const Routing& routing, double aux_scale,
                               const Tensor& dlogits, Arena& arena);

}  // namespace moescope
