// Temporal differences: what the value of an action should have been, and the loss of what it was. NUMERICS 5.6, 5.7.
#pragma once

#include <cstdint>
#include <span>

#include "compute/core/tensor.h"

namespace moescope::rl {

/// target = r + discount * max_a' next_q (or, with a choice of actions, next_q at them). discount (B): gamma^n, and 0
/// where the episode ended. next_q (B,A); choice i32 (B) or empty.
void td_targets(std::span<const float> rewards, std::span<const float> discounts, const Tensor& next_q,
                const Tensor& choice, std::span<float> targets);

/// C51: the atoms z of [-limit, limit] moved to r + discount * z, clipped, and their probabilities shared out between
/// the two nearest atoms. next (B,N): the distribution of the chosen next action; projected (B,N) overwritten.
void c51_project(std::span<const float> rewards, std::span<const float> discounts, const Tensor& next, double limit,
                 const Tensor& projected);

/// loss = mean over the batch of weight * (target - q[a])², no factor 1/2. q (B,A) and dq (B,A) overwritten; sample
/// (B): each one's unweighted loss. weights may be empty.
double td_loss(const Tensor& q, std::span<const int32_t> actions, std::span<const float> targets,
               std::span<const float> weights, const Tensor& dq, std::span<float> sample);
/// loss = mean of weight * cross-entropy of `projected` (B,N) with softmax(logits (B,A,N)) of the action; dlogits
/// overwritten.
double c51_loss(const Tensor& logits, std::span<const int32_t> actions, const Tensor& projected,
                std::span<const float> weights, const Tensor& dlogits, std::span<float> sample);

}  // namespace moescope::rl
