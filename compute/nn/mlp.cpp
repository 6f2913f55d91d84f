// Keeps only the hidden layer before its activation: a third of what keeping everything would take.
#include "compute/nn/mlp.h"

#include <algorithm>

#include "compute/nn/row_slices.h"
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
  const Tensor scratch = arena.make({std::min(x.dim(0), kRowsAtOnce), hidden_});
  for_row_slices(x.dim(0), 1, [&](int64_t begin, int64_t end) {
    const Tensor activated = scratch.rows(0, end - begin);
    const Tensor hidden = keep ? context.hidden.rows(begin, end) : activated;
    in_.forward(x.rows(begin, end), hidden);
    activation(Activation::gelu_tanh, hidden, activated);
    out_.forward(activated, y.rows(begin, end));
  });
}

void Mlp::backward(const Context& context, const Tensor& dy, const Tensor& dx, Arena& arena) const {
  const ArenaScope scope(arena);
  const Shape slice{std::min(dy.dim(0), kRowsAtOnce), hidden_};
  const Tensor activated_rows = arena.make(slice), dhidden_rows = arena.make(slice);
  for_row_slices(dy.dim(0), 1, [&](int64_t begin, int64_t end) {
    const Tensor activated = activated_rows.rows(0, end - begin), dhidden = dhidden_rows.rows(0, end - begin);
    const Tensor dy_slice = dy.rows(begin, end);
    out_.input_gradient(dy_slice, dhidden);
    activation_backward(Activation::gelu_tanh, context.hidden.rows(begin, end), dhidden, dhidden, activated);
    out_.parameter_gradients(activated, dy_slice);
    in_.backward(context.x.rows(begin, end), dhidden, dx.rows(begin, end));
  });
}

}  // namespace moescope
