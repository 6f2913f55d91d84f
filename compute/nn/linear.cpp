// One matrix product forward, two and a column sum back.
#include "compute/nn/linear.h"

#include "compute/ops/matmul/matmul.h"
#include "compute/ops/reduce/reduce.h"

namespace moescope {

Linear::Linear(ParameterSet& parameters, const std::string& weight_name, const std::string& bias_name, int64_t in,
               int64_t out, Init weight_init, Init bias_init, ParameterRole weight_role)
    : weight_(parameters.add(weight_name, {in, out}, weight_role, weight_init)),
      bias_(parameters.add(bias_name, {out}, ParameterRole::bias, bias_init)) {}

void Linear::forward(const Tensor& x, const Tensor& y) const { matmul(x, weight_->value, y, {}, bias_->value); }

void Linear::backward(const Tensor& x, const Tensor& dy, const Tensor& dx) const {
  parameter_gradients(x, dy);
  if (!dx.empty()) input_gradient(dy, dx);
}

void Linear::parameter_gradients(const Tensor& x, const Tensor& dy) const {
  matmul(x, dy, weight_->gradient, {.transpose_a = true, .accumulate = true});
  add_column_sums(dy, bias_->gradient);
}

void Linear::input_gradient(const Tensor& dy, const Tensor& dx) const {
  matmul(dy, weight_->value, dx, {.transpose_b = true});
}

}  // namespace moescope
