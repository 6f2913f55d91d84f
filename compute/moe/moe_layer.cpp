// Route, then let the sparse or the soft half do the work.
#include "compute/moe/moe_layer.h"

#include <algorithm>

#include "compute/core/error.h"
#include "compute/moe/experts_choice.h"
#include "compute/moe/intervention.h"
#include "compute/moe/soft_router.h"
#include "compute/moe/tokens_choice.h"

namespace moescope {

std::unique_ptr<Router> make_router(ParameterSet& parameters, const std::string& prefix, const MoeLayerShape& shape) {
  switch (shape.kind) {
    case RouterKind::soft: return std::make_unique<SoftRouter>(parameters, prefix, shape);
    case RouterKind::tokens_choice: return std::make_unique<TokensChoice>(parameters, prefix, shape);
    case RouterKind::experts_choice: return std::make_unique<ExpertsChoice>(parameters, prefix, shape);
    case RouterKind::dense: break;
  }
  throw std::logic_error("a dense block has no router");
}

MoeLayer::MoeLayer(ParameterSet& parameters, const std::string& prefix, const MoeLayerShape& shape)
    : shape_(shape), experts_(parameters, prefix, shape), router_(make_router(parameters, prefix, shape)) {}

void MoeLayer::start_routing(const Tensor& x, int64_t group_tokens, const Pass& pass, const Tensor& mask,
                             Context& context) const {
  context = Context();
  context.x = x;
  context.mask = mask;
  context.group_tokens = group_tokens;
  Routing& r = context.routing;
  r.kind = shape_.kind;
  r.layer = shape_.layer;
  r.experts = shape_.num_experts;
  r.temperature = pass.router->temperature;
  r.total_tokens = x.dim(0);
  r.tokens = std::min(group_tokens, r.total_tokens);
  r.groups = (r.total_tokens + r.tokens - 1) / r.tokens;
  r.scored = x;
  start_interventions(pass, std::min(group_tokens, r.total_tokens), r, *pass.arena);
}

void MoeLayer::forward(const Tensor& x, int64_t group_tokens, Pass& pass, const Tensor& y, Context& context,
                       const Tensor& mask) const {
  check_shape(
      x.rank() == 2 && x.dim(1) == shape_.width && x.dim(0) > 0 && y.size() == x.size() && group_tokens > 0, [&] {
        return "MoE layer " + std::to_string(shape_.layer) + ": " + describe("x", x) + " and " + describe("y", y) +
               ", expected (T," + std::to_string(shape_.width) + ") for both, in groups of at least one token";
      });
  check_shape(mask.empty() || (mask.size() == x.dim(0) && shape_.kind == RouterKind::soft), [&] {
    return "MoE layer " + std::to_string(shape_.layer) + ": " + describe("mask", mask) +
           " needs one value a token, and a soft router";
  });
  start_routing(x, group_tokens, pass, mask, context);
  router_->forward(x, pass, context);
  const Arena::Mark routed = pass.arena->mark();
  if (shape_.kind == RouterKind::soft)
    forward_soft(pass, y, context);
  else
    forward_sparse(pass, y, context);
  if (!pass.backward) pass.arena->rewind(routed);
  if (pass.observer) pass.observer->see(context.routing);
}

void MoeLayer::run_experts(const Routing& r, const int32_t* offset, const Tensor& rows, const Tensor& hidden,
                           const Tensor& outputs, int64_t max_rows, Arena& arena) const {
  if (r.computed_by.empty()) {
    experts_.forward(0, r.experts, offset, rows, hidden, outputs, max_rows, arena);
    return;
  }
  for (int64_t e = 0; e < r.experts; ++e) {
    const int64_t begin = offset[e], end = offset[e + 1], by = r.computed_by.i32()[e];
    if (begin == end) continue;
    const int32_t own[2] = {0, static_cast<int32_t>(end - begin)};
    experts_.forward(by, by + 1, own, rows.rows(begin, end), hidden.empty() ? hidden : hidden.rows(begin, end),
                     outputs.rows(begin, end), max_rows, arena);
  }
}

void MoeLayer::backward(Context& context, const Tensor& dy, const Tensor& dx, Pass& pass, double aux_scale,
                        const RoutingGradient& outside) const {
  check_shape(dy.size() == context.x.size() && dx.size() == context.x.size(), [&] {
    return "MoE layer " + std::to_string(shape_.layer) + ": " + describe("dy", dy) + " and " + describe("dx", dx) +
           " must be as large as " + describe("x", context.x);
  });
  const ArenaScope scope(*pass.arena);
  if (shape_.kind == RouterKind::soft)
    backward_soft(context, dy, dx, pass, outside);
  else
    backward_sparse(context, dy, dx, pass, aux_scale, outside);
}

}  // namespace moescope
