// The dense MLP of a block: two matrix products with an activation between them.
#pragma once

#include <string>

#include "compute/nn/linear.h"
#include "compute/records/run_config.h"

namespace moescope {

class Mlp {
 public:
  struct Context {
    Tensor x, hidden;  // hidden: before the activation, which the backward pass computes again
  };

  Mlp() = default;
  /// Registers prefix + ".w1" (D,H), ".b1", ".w2" (H,D), ".b2". tanh GELU.
  Mlp(ParameterSet& parameters, const std::string& prefix, int64_t width, int64_t hidden);

  /// y (R,D) from x (R,D); with `keep` the hidden layer stays in the arena for the backward pass.
  void forward(const Tensor& x, const Tensor& y, Arena& arena, bool keep, Context& context) const;
  /// dx (R,D) overwritten.
  void backward(const Context& context, const Tensor& dy, const Tensor& dx, Arena& arena) const;

 private:
  Linear in_, out_;
  int64_t hidden_ = 0;
};

}  // namespace moescope
