// y = x W + b.
#pragma once

#include <string>

#include "compute/nn/parameters.h"

namespace moescope {

class Linear {
 public:
  Linear() = default;
  /// Registers `weight_name` (in,out) and `bias_name` (out).
  Linear(ParameterSet& parameters, const std::string& weight_name, const std::string& bias_name, int64_t in,
         int64_t out, Init weight_init, Init bias_init, ParameterRole weight_role = ParameterRole::kernel);

  /// y (R,out) from x (R,in), overwritten.
  void forward(const Tensor& x, const Tensor& y) const;
  /// Parameter gradients +=; dx (R,in) = dy Wᵀ, skipped when empty.
  void backward(const Tensor& x, const Tensor& dy, const Tensor& dx) const;
  /// The two halves of backward, for callers that get x only in between.
  void parameter_gradients(const Tensor& x, const Tensor& dy) const;
  void input_gradient(const Tensor& dy, const Tensor& dx) const;

 private:
  Parameter* weight_ = nullptr;
  Parameter* bias_ = nullptr;
};

}  // namespace moescope
