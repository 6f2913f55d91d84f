// Multi-head attention between the projections, on a GPU: the plain kernel that is cuDNN's twin and fallback. Twin of
// compute/ops/attention.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

namespace moescope::cuda {

/// Image n, row i, head h, component w stands at data[(n*rows + i)*stride + h*width + w]; stride 0 for a single learned
/// query.
struct HeadRows {
  float* data;
  int64_t stride;
};

inline constexpr int64_t kMostHeadWidth = 256;

/// out = softmax(q kᵀ / sqrt(width)) v. log_sums (images,heads,queries) receives the rows' log of the sum of
/// exponentials for the backward pass; probabilities (images,heads,queries,keys) or null.
struct AttentionArguments {
  HeadRows q, k, v, out;
  float *log_sums, *probabilities;
  int64_t images, queries, keys, heads, width;
};
cudaError_t launch_attention(const AttentionArguments& a, cudaStream_t stream);

/// dq, dk, dv overwritten. out and log_sums are the forward pass's. workspace (images,heads,queries). With q.stride 0
/// dq has one row per image (dq.stride > 0): the caller adds them.
struct AttentionBackwardArguments {
  HeadRows q, k, v, out, dout, dq, dk, dv;
  const float* log_sums;
  float* workspace;
  int64_t images, queries, keys, heads, width;
};
cudaError_t launch_attention_backward(const AttentionBackwardArguments& a, cudaStream_t stream);

}  // namespace moescope::cuda
