// Multi-head attention between the projections: out = softmax(q kᵀ / sqrt(W)) v, per image and head.
#pragma once

#include <cstdint>

#include "compute/core/tensor.h"

namespace moescope {

/// Rows of queries (or keys, values, outputs) in memory: image n, row i, head h, component w stands at
/// data[(n * rows_per_image + i) * stride + h * W + w]. Lets q, k, v be columns of one packed projection.
/// A stride of 0 is allowed for q when there is one query: it is the same for every image (a learned probe).
struct HeadRows {
  float* data = nullptr;
  int64_t stride = 0;
};

struct AttentionShape {
  int64_t images = 0;   // N
  int64_t queries = 0;  // rows of q and out per image
  int64_t keys = 0;     // rows of k and v per image
  int64_t heads = 0;
  int64_t head_width = 0;  // W
};

/// Heads concatenate head-major in `out`. probabilities (N,heads,queries,keys) are written when not empty: the
/// attention view asks for them, training does not. Work: 4*N*heads*queries*keys*W FLOPs.
void attention(const AttentionShape& shape, HeadRows q, HeadRows k, HeadRows v, HeadRows out,
               const Tensor& probabilities = {});

/// dq, dk, dv are overwritten. The probabilities are computed again from q and k: cheaper than keeping them.
void attention_backward(const AttentionShape& shape, HeadRows q, HeadRows k, HeadRows v, HeadRows dout, HeadRows dq,
                        HeadRows dk, HeadRows dv);

}  // namespace moescope
