// Keeps the mean and the inverse deviation of each row; the normalised row itself is cheap to compute again.
#include "compute/nn/norm.h"

#include "compute/ops/layer_norm/layer_norm.h"

namespace moescope {

Norm::Norm(ParameterSet& parameters, const std::string& prefix, int64_t width)
    : scale_(parameters.add(prefix + ".g", {width}, ParameterRole::norm, Init::constant(1))),
      bias_(parameters.add(prefix + ".b", {width}, ParameterRole::norm, Init::constant(0))) {}

void Norm::forward(const Tensor& x, const Tensor& residual, const Tensor& sum, const Tensor& y, Arena& arena, bool keep,
                   Context& context) const {
  context.x = residual.empty() ? x : sum;
  context.mean = keep ? arena.make({x.dim(0)}) : Tensor();
  context.rstd = keep ? arena.make({x.dim(0)}) : Tensor();
  layer_norm(x, scale_->value, bias_->value, y, context.mean, context.rstd, kLayerNormEps, residual,
             residual.empty() ? Tensor() : sum);
}

void Norm::backward(const Context& context, const Tensor& dy, const Tensor& dx) const {
  layer_norm_backward(context.x, scale_->value, context.mean, context.rstd, dy, dx, scale_->gradient, bias_->gradient);
}

}  // namespace moescope
