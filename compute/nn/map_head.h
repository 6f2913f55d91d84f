// Multi-head attention pooling (MAP): one learned probe attends to the tokens, then an MLP. NUMERICS 4.5.
#pragma once

#include <string>

#include "compute/nn/linear.h"
#include "compute/nn/mlp.h"
#include "compute/nn/norm.h"

namespace moescope {

class MapHead {
 public:
  struct Context {
    Tensor x, query, kv;                      // (R,D), (1,D), (R,2D)
    Tensor normalized_query, normalized_key;  // with qk_norm
    Tensor mixed, pooled, normalized;         // (N,D) each
    Norm::Context norm;
    Mlp::Context mlp;
    int64_t images = 0;
  };

  MapHead() = default;
  /// Registers prefix + ".probe" (1,1,D), ".attn.wq" (D,D), ".attn.wkv" (D,2D), ".attn.wo", their biases, ".ln",
  /// ".mlp"; with qk_norm ".attn.qn", ".attn.kn".
  MapHead(ParameterSet& parameters, const std::string& prefix, int64_t width, int64_t heads, int64_t hidden,
          bool qk_norm);

  /// y (N,D) from the normalised tokens x (N*L,D).
  void forward(const Tensor& x, int64_t images, const Tensor& y, Arena& arena, bool keep, Context& context) const;
  /// dx (N*L,D) overwritten.
  void backward(const Context& context, const Tensor& dy, const Tensor& dx, Arena& arena) const;

 private:
  Parameter* probe_ = nullptr;
  Linear query_, kv_, out_;
  Parameter* query_scale_ = nullptr;
  Parameter* key_scale_ = nullptr;
  Norm norm_;
  Mlp mlp_;
  int64_t width_ = 0, heads_ = 0;
};

}  // namespace moescope
