// Attention by our own means, under the arguments of our kernel: that kernel where a head's components fit a warp's
// registers, matrix products and a softmax where it is wider.
#pragma once

#include "compute/cuda/kernels/attention.h"
#include "compute/cuda/run.h"

namespace moescope::cuda {

/// As launch_attention and launch_attention_backward, for heads of any width. Wider ones than kMostHeadWidth have their
/// products in the pass's precision, and need neither log_sums nor workspace.
void own_attention(const Run& run, const AttentionArguments& a);
void own_attention_backward(const Run& run, const AttentionBackwardArguments& a);

}  // namespace moescope::cuda
