// Attention of one head of one image, one table per instruction set.
#pragma once

#include <cstdint>

namespace moescope {

/// Pointers to the first component of this head in the first row of this image; strides between rows, in floats.
struct AttentionHead {
  const float *q, *k, *v;
  int64_t q_stride, k_stride, v_stride;
  int64_t queries, keys, width;
  float factor;  // 1 / sqrt(width)
};

struct AttentionKernels {
  /// Floats of scratch that the two functions below need.
  int64_t (*scratch_floats)(int64_t queries, int64_t keys, int64_t width);
  /// probabilities (queries,keys) may be null.
  void (*forward)(const AttentionHead& head, float* out, int64_t out_stride, float* probabilities, float* scratch);
  void (*backward)(const AttentionHead& head, const float* dout, int64_t dout_stride, float* dq, int64_t dq_stride,
                   float* dk, int64_t dk_stride, float* dv, int64_t dv_stride, float* scratch);
};

extern const AttentionKernels kAttentionReference, kAttentionAvx2, kAttentionAvx512;

}  // namespace moescope
