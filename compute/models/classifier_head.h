// From the normalised tokens to class logits: pooling, an optional tanh representation, a linear head. NUMERICS 4.5.
#pragma once

#include <optional>

#include "compute/nn/linear.h"
#include "compute/nn/map_head.h"
#include "compute/records/run_config.h"

namespace moescope {

struct HeadShape {
  HeadKind kind = HeadKind::gap;
  int64_t width = 0, heads = 0, mlp = 0;  // the last two for `map`
  bool qk_norm = false;
  int64_t representation = 0;  // 0: none
  int64_t classes = 0;
  double bias_init = 0;
  bool zero_kernel = false;
};

class ClassifierHead {
 public:
  struct Context {
    Tensor pooled, representation;  // (N,D), (N,representation)
    MapHead::Context map;
    int64_t images = 0, rows = 0;
  };

  ClassifierHead() = default;
  /// Registers "map.*" and "pre.w", "pre.b" as wanted, and "head.w" (D or representation, classes), "head.b".
  ClassifierHead(ParameterSet& parameters, const HeadShape& shape);

  /// logits (N,classes) overwritten from x (N*L,D).
  void forward(const Tensor& x, int64_t images, const Tensor& logits, Arena& arena, bool keep, Context& context) const;
  /// dx (N*L,D) overwritten.
  void backward(const Context& context, const Tensor& dlogits, const Tensor& dx, Arena& arena) const;

 private:
  HeadShape shape_;
  std::optional<MapHead> map_;
  std::optional<Linear> pre_;
  Linear head_;
};

}  // namespace moescope
