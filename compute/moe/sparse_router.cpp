// Softmax first, choice second.
#include "compute/moe/sparse_router.h"

#include "compute/moe/auxiliary_losses.h"
#include "compute/moe/capacity.h"
#include "compute/moe/intervention.h"
#include "compute/ops/matmul/matmul.h"
#include "compute/ops/reduce/reduce.h"
#include "compute/ops/softmax/softmax.h"

namespace moescope {
namespace {

void set_capacities(const Pass& pass, int64_t group_tokens, Routing& r) {
  const auto capacity_for = [&](int64_t tokens) {
    return tokens == group_tokens ? sparse_capacity(*pass.router, tokens, pass.training)
                                  : partial_group_capacity(*pass.router, tokens, pass.training);
  };
  r.capacity = capacity_for(r.tokens);
  r.last_capacity = capacity_for(r.group_size(r.groups - 1));
}

}  // namespace

SparseRouter::SparseRouter(ParameterSet& parameters, const std::string& prefix, const MoeLayerShape& shape)
    : layer_(shape.layer),
      weight_(parameters.add(joined(prefix, "router"), {shape.width, shape.num_experts}, ParameterRole::router,
                             Init::lecun_normal(shape.width))) {}

void SparseRouter::forward(const Tensor& x, const Pass& pass, RouterContext& context) const {
  Routing& r = context.routing;
  Arena& arena = *pass.arena;
  const Shape shape{r.total_tokens, r.experts};
  set_capacities(pass, context.group_tokens, r);
  context.tokens = x;

  r.logits = arena.make(shape);
  matmul(x, weight_->value, r.logits);
  if (r.temperature != 1) scale(r.logits, static_cast<float>(1 / r.temperature));
  r.clean_gates = arena.make(shape);
  softmax(r.logits, r.clean_gates);
  r.noise_deviation = pass.training ? static_cast<float>(pass.router->noise_std / static_cast<double>(r.experts)) : 0;
  r.noisy_logits = r.logits;
  r.gates = r.clean_gates;
  if (r.noise_deviation > 0) {
    r.noisy_logits = arena.make(shape);
    r.gates = arena.make(shape);
    copy(r.logits, r.noisy_logits);
    add_router_noise(pass, layer_, r.noise_deviation, r.noisy_logits);
    softmax(r.noisy_logits, r.gates);
  }
  force_gates(pass, r);
  choose_kept(pass, r, arena);
  assign(pass, r);
}

void SparseRouter::backward(const RouterContext& context, const RoutingGradient& gradient, const Tensor& dx,
                            const Pass& pass, double aux_scale) const {
  const Routing& r = context.routing;
  Arena& arena = *pass.arena;
  const ArenaScope scope(arena);
  const bool losses = pass.training && r.kind == RouterKind::tokens_choice;
  const Tensor dlogits = arena.zeros(r.gates.shape());
  for (int64_t pair = 0; pair < r.pairs.num_pairs; ++pair)
    dlogits.f32()[r.pair_choice.i32()[pair]] = gradient.pair_weight.f32()[pair];
  if (losses) auxiliary_gate_gradients(*pass.router, r, aux_scale, dlogits);
  softmax_backward(r.gates, dlogits, dlogits);
  if (losses) auxiliary_logit_gradients(*pass.router, r, aux_scale, dlogits, arena);
  if (!gradient.logits.empty()) add(gradient.logits, dlogits);
  if (r.temperature != 1) scale(dlogits, static_cast<float>(1 / r.temperature));
  matmul(context.x, dlogits, weight_->gradient, {.transpose_a = true, .accumulate = true});
  matmul(dlogits, weight_->value, dx, {.transpose_b = true, .accumulate = true});
}

}  // namespace moescope
