// Keeps only the hidden layer before its activation: a third of what keeping everything would take.
#include "compute/nn/mlp.h"

#include "compute/ops/activation/activation.h"

namespace moescope {
namespace {

constexpr double kBiasStd = 1e-6;  // NUMERICS 4.9

}  // namespace

Mlp::Mlp(ParameterSet& parameters, const std::string& prefix, int64_t width, int64_t hidden)
    : in_(parameters, prefix + ".w1", prefix + ".b1", width, hidden, Init::xavier_uniform(width, hidden),
          Init::normal(kBiasStd)),
      out_(parameters, prefix + ".w2", prefix + ".b2", hidden, width, Init::xavier_uniform(hidden, width),
           Init::normal(kBiasStd)),
      hidden_(hidden) {}

void Mlp::forward(const Tensor& x, const Tensor& y, Arena& arena, bool keep, Context& context) const {
  context.x = x;
  if (keep) context.hidden = arena.make({x.dim(0), hidden_});
  const ArenaScope scope(arena);
  const Tensor activated = arena.make({x.dim(0), hidden_});
  const Tensor hidden = keep ? context.hidden : activated;
  in_.forward(x, hidden);
  activation(Activation::gelu_tanh, hidden, activated);
  out_.forward(activated, y);
}

void Mlp::backward(const Context& context, const Tensor& dy, const Tensor& dx, Arena& arena) const {
  const ArenaScope scope(arena);
  const Tensor activated = arena.make(context.hidden.shape()), dhidden = arena.make(context.hidden.shape());
  out_.input_gradient(dy, dhidden);
  activation_backward(Activation::gelu_tanh, context.hidden, dhidden, dhidden, activated);
  out_.parameter_gradients(activated, dy);
  in_.backward(context.x, dhidden, dx);
}

}  // namespace moescope
