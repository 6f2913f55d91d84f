// Attention as graphs of cuDNN, forward and back, of bfloat16 operands with float32 sums; twin of kernels/attention.
#pragma once

#include "compute/cuda/dnn_graph.h"
#include "compute/cuda/fused_attention.h"

namespace moescope::cuda {

/// The numbers of the graphs' tensors.
enum AttentionTensor : int64_t { kQ = 1, kK, kV, kScale, kOut, kLogSums, kDOut, kDots, kDQ, kDK, kDV };

/// out, log_sums (images,heads,queries) from q, k, v. Null: the library has no plan for it.
std::unique_ptr<DnnPlan> plan_attention(const DnnLibrary& library, const FusedAttentionShape& shape,
                                        const DnnTarget& target);
/// dq, dk, dv from q, k, v, out, dout and log_sums; dots (images,heads,queries) float32 is scratch. dq is one product
/// of ds rather than a sum that blocks add to, which is cuDNN's deterministic form: the same numbers each time.
std::unique_ptr<DnnPlan> plan_attention_backward(const DnnLibrary& library, const FusedAttentionShape& shape,
                                                 const DnnTarget& target);

}  // namespace moescope::cuda
