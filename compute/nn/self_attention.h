// Multi-head self-attention: packed query-key-value projection, optional QK norm, attention, output projection.
#pragma once

#include <string>

#include "compute/nn/linear.h"

namespace moescope {

class SelfAttention {
 public:
  struct Context {
    Tensor x, qkv;         // (R,D), (R,3D)
    Tensor normalized_qk;  // (R,2D) with qk_norm
    Tensor mixed;          // (R,D) heads' outputs before the last projection
    int64_t images = 0;
  };

  SelfAttention() = default;
  /// Registers prefix + ".wqkv" (D,3D), ".bqkv" (3D), ".wo" (D,D), ".bo"; with qk_norm ".qn", ".kn" (D/heads).
  /// The columns of wqkv are the golden files' wq, wk, wv side by side.
  SelfAttention(ParameterSet& parameters, const std::string& prefix, int64_t width, int64_t heads, bool qk_norm);

  /// y (R,D) from x (R,D), R = images * tokens. probabilities (N,heads,L,L) is filled when not empty.
  void forward(const Tensor& x, int64_t images, const Tensor& y, Arena& arena, bool keep, Context& context,
               const Tensor& probabilities = {}) const;
  /// dx (R,D) overwritten.
  void backward(const Context& context, const Tensor& dy, const Tensor& dx, Arena& arena) const;

 private:
  Linear qkv_, out_;
  Parameter* query_scale_ = nullptr;
  Parameter* key_scale_ = nullptr;
  int64_t width_ = 0, heads_ = 0;
};

}  // namespace moescope
