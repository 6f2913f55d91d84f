// Layer normalisation with learned scale and bias, and what its backward pass needs.
#pragma once

#include <string>

#include "compute/nn/parameters.h"

namespace moescope {

class Norm {
 public:
  struct Context {
    Tensor x, mean, rstd;  // x: what was normalised, the residual already added
  };

  Norm() = default;
  /// Registers prefix + ".g" and ".b", both (width).
  Norm(ParameterSet& parameters, const std::string& prefix, int64_t width);

  /// y (R,D) = LN(x + residual), residual may be empty; `sum` (R,D) receives x + residual and may be x.
  /// With `keep`, statistics are made in the arena and context refers to sum (or x): they must outlive the backward
  /// pass.
  void forward(const Tensor& x, const Tensor& residual, const Tensor& sum, const Tensor& y, Arena& arena, bool keep,
               Context& context) const;
  /// dx (R,D) +=.
  void backward(const Context& context, const Tensor& dy, const Tensor& dx) const;

 private:
  Parameter* scale_ = nullptr;
  Parameter* bias_ = nullptr;
};

}  // namespace moescope
