// Sparse dispatch and combine: kept pairs in rows sorted by expert. NUMERICS 2.7, 2.10.
#include "compute/moe/moe_layer.h"
#include "compute/ops/gather/gather.h"
#include "compute/ops/reduce/reduce.h"

namespace moescope {

void MoeLayer::forward_sparse(Pass& pass, const Tensor& y, Context& c) const {
  const Routing& r = c.routing;
  Arena& arena = *pass.arena;
  const int64_t rows = r.pairs.num_pairs;
  c.max_rows = r.max_pairs;
  c.slots = make_rows(arena, c.max_rows, rows, shape_.width);
  c.hidden = pass.backward ? make_rows(arena, c.max_rows, rows, experts_.hidden_columns()) : Tensor();
  c.outputs = make_rows(arena, c.max_rows, rows, shape_.width);
  gather_rows(r.pairs, c.tokens, c.slots);
  if (shape_.bf16_boundary) round_to_bf16(c.slots, c.slots);
  run_experts(r, r.pair_expert_offset.i32(), c.slots, c.hidden, c.outputs, c.max_rows, arena);
  if (shape_.bf16_boundary) round_to_bf16(c.outputs, c.outputs);
  combine_rows(r.pairs, c.outputs, y);
}

void MoeLayer::backward_sparse(Context& c, const Tensor& dy, const Tensor& dx, Pass& pass, double aux_scale,
                               const RoutingGradient& outside) const {
  const Routing& r = c.routing;
  Arena& arena = *pass.arena;
  RoutingGradient gradient;
  gradient.logits = outside.logits;
  gradient.pair_weight = arena.make({r.max_pairs}).rows(0, r.pairs.num_pairs);
  const Tensor doutputs = c.outputs;  // in place: nothing reads the outputs again
  combine_rows_backward(r.pairs, c.outputs, dy, doutputs, gradient.pair_weight);
  if (shape_.bf16_boundary) round_to_bf16(doutputs, doutputs);
  const Tensor drows = doutputs;
  experts_.backward(0, r.experts, r.pair_expert_offset.i32(), c.slots, c.hidden, doutputs, drows, c.max_rows, arena);
  if (shape_.bf16_boundary) {
    // The sum over a token's experts is a bfloat16 value too.
    const ArenaScope scope(arena);
    const Tensor dtokens = arena.zeros(dx.shape());
    round_to_bf16(drows, drows);
    gather_rows_backward(r.pairs, drows, dtokens);
    round_to_bf16(dtokens, dtokens);
    add(dtokens, dx);
  } else {
    gather_rows_backward(r.pairs, drows, dx);
  }
  router_->backward(c, gradient, dx, pass, aux_scale);
}

}  // namespace moescope
