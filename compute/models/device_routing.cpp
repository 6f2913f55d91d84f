// The device's routing as the Routing that observers, maps and statistics know: its slots of full capacity become the
// packed list of kept pairs, in the same order.
#include <algorithm>

#include "compute/models/device_model.h"
#include "compute/moe/kept_pairs.h"

namespace moescope {
namespace {

template <class T>
Tensor view(const T* data, Shape shape, DType type) {
  return data ? Tensor(const_cast<T*>(data), shape, type) : Tensor();
}
Tensor floats(const float* data, Shape shape) { return view(data, shape, DType::f32); }
Tensor ints(const int32_t* data, Shape shape) { return view(data, shape, DType::i32); }

/// The pair list from the slots, (E,G,C): an expert's kept pairs of a group stand in front, in order of their place.
void list_pairs(const int32_t* slot_token, const float* slot_weight, Routing& r, Arena& arena) {
  r.max_pairs = most_pairs(r);
  const auto slot = [&](int64_t e, int64_t g, int64_t c) { return (e * r.groups + g) * r.capacity + c; };
  const Tensor kept = arena.make({r.groups, r.experts}, DType::i32);
  for (int64_t e = 0; e < r.experts; ++e)
    for (int64_t g = 0; g < r.groups; ++g) {
      int32_t& count = kept.i32()[g * r.experts + e] = 0;
      for (int64_t c = 0; c < r.capacity; ++c) count += slot_token[slot(e, g, c)] >= 0;
    }
  const PairPlan plan = plan_pairs(kept, r, arena);
  std::fill_n(plan.token_begin.i32(), r.total_tokens + 1, 0);
  for (int64_t e = 0; e < r.experts; ++e)
    for (int64_t g = 0; g < r.groups; ++g) {
      int32_t row = plan.begin.i32()[g * r.experts + e];
      for (int64_t c = 0; c < r.capacity; ++c) {
        const int32_t token = slot_token[slot(e, g, c)];
        if (token < 0) continue;
        plan.token.i32()[row] = token;
        plan.weight.f32()[row] = slot_weight[slot(e, g, c)];
        r.pair_choice.i32()[row++] = static_cast<int32_t>(token * r.experts + e);
        ++plan.token_begin.i32()[token];
      }
    }
  // Counts become ends, and filling backwards turns them into beginnings with the experts ascending.
  int32_t end = 0;
  for (int64_t t = 0; t < r.total_tokens; ++t) plan.token_begin.i32()[t] = end += plan.token_begin.i32()[t];
  plan.token_begin.i32()[r.total_tokens] = end;
  for (int64_t row = r.pairs.num_pairs; row-- > 0;)
    plan.token_pairs.i32()[--plan.token_begin.i32()[plan.token.i32()[row]]] = static_cast<int32_t>(row);
}

}  // namespace

Routing DeviceModel::routing(int slot, int64_t part, int64_t layer, const RouterConfig& router, Arena& arena) const {
  const device_api::StepPlan& plan = plans_[slot];
  device_api::RoutingView seen{};
  plugin_->check(functions().routing(session_.get(), slot, part, layer, &seen), "reading a routing");
  Routing r;
  r.kind = kind_;
  r.layer = layers_[static_cast<size_t>(layer)];
  r.tokens = plan.group_tokens;
  r.total_tokens = plan.images * (tokens_per_image_ > 0 ? tokens_per_image_ : plan.group_tokens);
  r.groups = device_api::num_groups(r.total_tokens, r.tokens);
  r.experts = experts_;
  r.temperature = router.temperature;
  r.scored = floats(seen.scored, {r.total_tokens, width_});
  r.unit_tokens = kind_ == RouterKind::tokens_choice && tokens_per_image_ > 0 ? tokens_per_image_ : r.tokens;
  if (seen.unit_off)
    r.unit_off = view(seen.unit_off, {(r.total_tokens + r.unit_tokens - 1) / r.unit_tokens, r.experts}, DType::u8);
  if (kind_ == RouterKind::soft) {
    r.slots_per_expert = plan.slots_per_expert > 0 ? plan.slots_per_expert : slots_per_expert_;
    const Shape shape{r.total_tokens, r.experts * r.slots_per_expert};
    r.dispatch = floats(seen.dispatch, shape), r.combine = floats(seen.combine, shape);
    r.scale = seen.scale ? *seen.scale : 1;
    r.logits = floats(seen.logits, shape);
    return r;
  }
  const Shape gates{r.total_tokens, r.experts}, choices{r.total_tokens, plan.k};
  r.k = plan.k;
  r.capacity = plan.capacity, r.last_capacity = plan.last_capacity;
  const auto wanted = static_cast<double>(r.tokens * (kind_ == RouterKind::tokens_choice ? r.k : 1));
  r.actual_capacity_factor = static_cast<double>(r.capacity * r.experts) / wanted;
  r.noise_deviation = plan.training ? plan.noise_deviation : 0;
  r.logits = floats(seen.logits, gates), r.noisy_logits = floats(seen.noisy_logits, gates);
  r.gates = floats(seen.gates, gates), r.clean_gates = floats(seen.clean_gates, gates);
  r.expert = ints(seen.expert, choices), r.place = ints(seen.place, choices);
  r.chosen_token = ints(seen.chosen, {r.groups, r.experts, r.capacity});
  r.group_losses = floats(seen.group_losses, {r.groups, 3}),
  r.group_sums = floats(seen.group_sums, {r.groups, 3, r.experts});
  list_pairs(seen.slot_token, seen.slot_weight, r, arena);
  if (kind_ == RouterKind::tokens_choice && aux_[slot]) {
    const float* means = aux_[slot] + 4 * (part * static_cast<int64_t>(layers_.size()) + layer);
    r.importance_loss = means[0], r.load_loss = means[1], r.gshard_loss = means[2], r.weighted_aux = means[3];
  }
  return r;
}

}  // namespace moescope
