// Soft dispatch and combine: dense mixtures between the tokens of a group and the slots of all experts.
// NUMERICS 1.4, 1.9.
#include <cstring>

#include "compute/core/error.h"
#include "compute/moe/moe_layer.h"
#include "compute/moe/soft_router.h"
#include "compute/ops/mixing/mixing.h"
#include "compute/ops/reduce/reduce.h"

namespace moescope {
namespace {

/// Calls work(first, last) for each stretch of experts that are on, and idle(first, last) for each that is off.
template <class Work, class Idle>
void for_stretches(const Routing& r, Work&& work, Idle&& idle) {
  for (int64_t first = 0, last = 0; first < r.experts; first = last) {
    const bool off = r.is_off(first);
    while (last < r.experts && r.is_off(last) == off) ++last;
    off ? idle(first, last) : work(first, last);
  }
}

/// Every expert has the same number of rows in a run of groups.
Tensor even_offsets(Arena& arena, int64_t experts, int64_t rows) {
  const Tensor offset = arena.make({experts + 1}, DType::i32);
  for (int64_t e = 0; e <= experts; ++e) offset.i32()[e] = static_cast<int32_t>(e * rows);
  return offset;
}

/// A run's rows of a (E*G*P,N) tensor.
Tensor slot_rows(const Tensor& x, const Routing& r, const GroupRun& run) {
  return x.empty() ? x : x.rows(run.first_slot, run.first_slot + r.experts * run.groups * r.slots_per_expert);
}

Tensor by_expert(const Tensor& x, const Routing& r) { return x.reshaped({r.experts, x.dim(0) / r.experts, x.dim(1)}); }

}  // namespace

Tensor MoeLayer::soft_logits(const Tensor& x, const Pass& pass) const {
  const auto* router = dynamic_cast<const SoftRouter*>(router_.get());
  check_shape(router != nullptr,
              [&] { return "MoE layer " + std::to_string(shape_.layer) + " is not soft and has no slot logits"; });
  RouterContext context;
  const Tensor logits = pass.arena->make({x.dim(0), shape_.num_experts * shape_.slots_per_expert});
  router->score(x, pass, context, logits);
  return logits;
}

void MoeLayer::forward_soft(Pass& pass, const Tensor& y, Context& c) const {
  const Routing& r = c.routing;
  Arena& arena = *pass.arena;
  c.max_rows = r.experts * r.groups * r.slots_per_expert;
  c.slots = arena.make({c.max_rows, shape_.width});
  c.hidden = pass.backward ? arena.make({c.max_rows, experts_.hidden_columns()}) : Tensor();
  c.outputs = arena.make({c.max_rows, shape_.width});
  const ArenaScope scope(arena);
  const Tensor tokens = shape_.bf16_boundary ? arena.make(c.tokens.shape()) : c.tokens;
  if (shape_.bf16_boundary) round_to_bf16(c.tokens, tokens);
  for (const GroupRun& run : group_runs(r)) {
    const int64_t rows = run.groups * r.slots_per_expert;
    const Tensor slots = slot_rows(c.slots, r, run), hidden = slot_rows(c.hidden, r, run),
                 outputs = slot_rows(c.outputs, r, run);
    const Tensor offset = even_offsets(arena, r.experts, rows);
    dispatch(grouped_rows(r.dispatch, run), flat_rows(tokens, run), by_expert(slots, r));
    if (!r.unit_off.empty() || !r.computed_by.empty()) {
      run_kept_slots(r, run, slots, outputs, arena);
    } else {
      for_stretches(
          r,
          [&](int64_t first, int64_t last) {
            const auto part = [&](const Tensor& x) { return x.empty() ? x : x.rows(first * rows, last * rows); };
            experts_.forward(first, last, offset.i32(), part(slots), part(hidden), part(outputs), (last - first) * rows,
                             arena);
          },
          [&](int64_t first, int64_t last) { fill(outputs.rows(first * rows, last * rows), 0); });
    }
    if (shape_.bf16_boundary) round_to_bf16(outputs, outputs);
    combine(grouped_rows(r.combine, run), by_expert(outputs, r), flat_rows(y, run));
  }
}

void MoeLayer::run_kept_slots(const Routing& r, const GroupRun& run, const Tensor& slots, const Tensor& outputs,
                              Arena& arena) const {
  const ArenaScope scope(arena);
  const int64_t p = r.slots_per_expert, most = slots.dim(0), width = shape_.width;
  const Tensor offset = arena.make({r.experts + 1}, DType::i32), from = arena.make({most}, DType::i32);
  int32_t rows = 0;
  for (int64_t e = 0; e < r.experts; ++e) {
    offset.i32()[e] = rows;
    for (int64_t g = 0; g < run.groups; ++g) {
      if (r.is_off(e, run.first_token + g * run.tokens)) continue;
      for (int64_t j = 0; j < p; ++j) from.i32()[rows++] = static_cast<int32_t>((e * run.groups + g) * p + j);
    }
  }
  offset.i32()[r.experts] = rows;
  const Tensor kept = arena.make({most, width}).rows(0, rows), answers = arena.make({most, width}).rows(0, rows);
  const auto bytes = static_cast<size_t>(width) * sizeof(float);
  for (int64_t i = 0; i < rows; ++i) std::memcpy(kept.f32() + i * width, slots.f32() + from.i32()[i] * width, bytes);
  run_experts(r, offset.i32(), kept, {}, answers, most, arena);
  fill(outputs, 0);
  for (int64_t i = 0; i < rows; ++i)
    std::memcpy(outputs.f32() + from.i32()[i] * width, answers.f32() + i * width, bytes);
}

void MoeLayer::backward_soft(Context& c, const Tensor& dy, const Tensor& dx, Pass& pass,
                             const RoutingGradient& outside) const {
  const Routing& r = c.routing;
  Arena& arena = *pass.arena;
  const bool rounds = shape_.bf16_boundary, mixed_normalized = c.tokens.data() != c.x.data();
  RoutingGradient gradient{{}, arena.make(r.dispatch.shape()), arena.make(r.combine.shape()), {}, {}};
  // Where the dispatch's share of the tokens' gradient goes: straight to dx, unless it must be rounded or normalised
  // first.
  const Tensor dtokens = rounds || mixed_normalized ? arena.zeros(dx.shape()) : dx;
  {
    const ArenaScope scope(arena);
    const Tensor tokens = rounds ? arena.make(c.tokens.shape()) : c.tokens;
    if (rounds) round_to_bf16(c.tokens, tokens);
    for (const GroupRun& run : group_runs(r)) {
      const ArenaScope run_scope(arena);
      const int64_t rows = run.groups * r.slots_per_expert;
      const Tensor slots = slot_rows(c.slots, r, run), hidden = slot_rows(c.hidden, r, run),
                   outputs = slot_rows(c.outputs, r, run);
      const Tensor doutputs = arena.make(outputs.shape()), offset = even_offsets(arena, r.experts, rows);
      combine_backward(grouped_rows(r.combine, run), by_expert(outputs, r), flat_rows(dy, run),
                       grouped_rows(gradient.combine, run), by_expert(doutputs, r));
      if (rounds) round_to_bf16(doutputs, doutputs);
      const Tensor dslots = doutputs;
      for_stretches(
          r,
          [&](int64_t first, int64_t last) {
            const auto part = [&](const Tensor& x) { return x.rows(first * rows, last * rows); };
            experts_.backward(first, last, offset.i32(), part(slots), part(hidden), part(doutputs), part(dslots),
                              (last - first) * rows, arena);
          },
          [&](int64_t first, int64_t last) { fill(dslots.rows(first * rows, last * rows), 0); });
      dispatch_backward(grouped_rows(r.dispatch, run), flat_rows(tokens, run), by_expert(dslots, r),
                        grouped_rows(gradient.dispatch, run), flat_rows(dtokens, run));
    }
  }
  if (!outside.combine.empty()) add(outside.combine, gradient.combine);
  if (rounds) round_to_bf16(dtokens, dtokens);
  if (mixed_normalized)
    gradient.tokens = dtokens;
  else if (rounds)
    add(dtokens, dx);
  router_->backward(c, gradient, dx, pass, 0);
}

}  // namespace moescope
