// What Tokens Choice and Experts Choice share: logits, noise, gates, and the way back through them. NUMERICS 2.1, 2.10.
#pragma once

#include "compute/moe/router.h"

namespace moescope {

/// Parameter `router` (D,E), no bias. logits = x W / temperature; noise of deviation noise_std / E in training; gates =
/// softmax of the noisy logits over the experts, of which the chosen ones are used as they are, not renormalised.
class SparseRouter : public Router {
 public:
  SparseRouter(ParameterSet& parameters, const std::string& prefix, const MoeLayerShape& shape);
  void forward(const Tensor& x, const Pass& pass, RouterContext& context) const override;
  void backward(const RouterContext& context, const RoutingGradient& gradient, const Tensor& dx, const Pass& pass,
                double aux_scale) const override;

 protected:
  /// Turns routing.gates into an assignment: fills the pair list and what goes with it.
  virtual void assign(const Pass& pass, Routing& routing) const = 0;

 private:
  int64_t layer_;
  Parameter* weight_;
};

}  // namespace moescope
