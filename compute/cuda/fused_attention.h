// Attention between the projections as one or two kernels of cuDNN, for models in bfloat16. kernels/attention is its
// twin and computes wherever this does not.
#pragma once

#include <compare>
#include <cstdint>

namespace moescope::cuda {

struct Run;

/// Element (image, row, head, component) of an operand stands at (image*rows + row)*stride + head*width + component.
struct FusedAttentionShape {
  int64_t images, heads, queries, keys, width;
  int64_t q_stride, k_stride, v_stride, out_stride;  // out's and its gradient's
  int64_t gradient_stride;                           // of dq, dk, dv
  auto operator<=>(const FusedAttentionShape&) const = default;
};

/// bfloat16; log_sums (images,heads,queries) float32. All in device memory.
struct FusedOperands {
  const uint16_t *q = nullptr, *k = nullptr, *v = nullptr;
  uint16_t* out = nullptr;
  float* log_sums = nullptr;
};
struct FusedGradients {
  uint16_t *q, *k, *v;
};

class FusedAttention {
 public:
  virtual ~FusedAttention() = default;
  /// Whether the library has a plan, and with `backward` one for the way back too. The first question about a shape
  /// builds them, which takes seconds: ask before anything is captured.
  virtual bool takes(const FusedAttentionShape& shape, bool backward) = 0;
  /// out and log_sums written.
  virtual void forward(const Run& run, const FusedAttentionShape& shape, const FusedOperands& operands) = 0;
  /// Gradients written. The graph is the one whose sums cuDNN takes in a fixed order: the same numbers each time.
  virtual void backward(const Run& run, const FusedAttentionShape& shape, const FusedOperands& operands,
                        const uint16_t* dout, const FusedGradients& gradients) = 0;
};

/// One for the whole process, so that each shape's plans are built once; any thread may use it. Null where cuDNN is not
/// installed or does not start, or was not when the plug-in was built.
FusedAttention* fused_attention();
/// As 91900; 0 where fused_attention() has no library.
int cudnn_version();

}  // namespace moescope::cuda
