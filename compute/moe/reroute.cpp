// A Routing is rebuilt around the map's gates or weights and goes through the router's own assignment.
#include "compute/moe/reroute.h"

#include <algorithm>
#include <cmath>

#include "compute/core/error.h"
#include "compute/moe/capacity.h"
#include "compute/moe/experts_choice.h"
#include "compute/moe/intervention.h"
#include "compute/moe/observe.h"
#include "compute/moe/tokens_choice.h"

namespace moescope {
namespace {

/// n values `stride` apart to the power p, to sum 1 again: a softmax at another temperature. Where all have underflowed
/// nothing is known of their proportions, and they become equal.
void sharpen(float* values, int64_t n, int64_t stride, double p) {
  double largest = 0, sum = 0;
  for (int64_t i = 0; i < n; ++i) largest = std::max(largest, static_cast<double>(values[i * stride]));
  if (largest == 0) {
    for (int64_t i = 0; i < n; ++i) values[i * stride] = 1 / static_cast<float>(n);
    return;
  }
  for (int64_t i = 0; i < n; ++i) sum += std::pow(values[i * stride] / largest, p);
  for (int64_t i = 0; i < n; ++i)
    values[i * stride] = static_cast<float>(std::pow(values[i * stride] / largest, p) / sum);
}

Tensor copied(const std::vector<float>& values, int64_t rows, Arena& arena) {
  const Tensor out = arena.make({rows, static_cast<int64_t>(values.size()) / rows});
  std::copy(values.begin(), values.end(), out.f32());
  return out;
}

void rebuild_sparse(const RoutingMap& map, const Pass& pass, double power, Routing& r) {
  r.gates = r.clean_gates = copied(map.gates, map.num_tokens, *pass.arena);
  if (power != 1)
    for (int64_t t = 0; t < r.tokens; ++t) sharpen(r.gates.f32() + t * r.experts, r.experts, 1, power);
  r.capacity = r.last_capacity = sparse_capacity(*pass.router, r.tokens, false);
  const bool by_token = r.kind == RouterKind::tokens_choice;
  r.k = by_token ? std::min(pass.router->k, r.experts) : 0;
  r.actual_capacity_factor =
      static_cast<double>(r.capacity * r.experts) / static_cast<double>(r.tokens * (by_token ? r.k : 1));
  force_gates(pass, r);
  choose_kept(pass, r, *pass.arena);
  if (by_token)
    choose_by_tokens(r, pass.router->bpr, *pass.arena);
  else
    choose_by_experts(r, *pass.arena);
}

/// The first `wanted` of each expert's `has` columns.
Tensor first_slots(const Tensor& x, int64_t experts, int64_t has, int64_t wanted, Arena& arena) {
  if (has == wanted) return x;
  const Tensor out = arena.make({x.dim(0), experts * wanted});
  for (int64_t i = 0; i < x.dim(0) * experts; ++i) std::copy_n(x.f32() + i * has, wanted, out.f32() + i * wanted);
  return out;
}

void rebuild_soft(const RoutingMap& map, const Pass& pass, double power, Routing& r) {
  Arena& arena = *pass.arena;
  const int64_t has = map.slots_per_expert;
  r.scale = map.scale;
  r.slots_per_expert = std::clamp<int64_t>(pass.what_if->slots_per_expert.value_or(has), 1, has);
  r.dispatch = first_slots(copied(map.dispatch, map.num_tokens, arena), r.experts, has, r.slots_per_expert, arena);
  r.combine = first_slots(copied(map.combine, map.num_tokens, arena), r.experts, has, r.slots_per_expert, arena);
  const int64_t slots = r.dispatch.dim(1);
  if (power != 1 || r.slots_per_expert != has) {
    for (int64_t t = 0; t < r.tokens; ++t) sharpen(r.combine.f32() + t * slots, slots, 1, power);
    for (int64_t q = 0; power != 1 && q < slots; ++q) sharpen(r.dispatch.f32() + q, r.tokens, slots, power);
  }
  choose_kept(pass, r, arena);
  force_combine(pass, r);
}

}  // namespace

RoutingMap rerouted(const RoutingMap& map, const WhatIf& what_if, const RouterConfig& router, int64_t image) {
  const RouterConfig knobs = knobs_under(what_if, router);
  Arena arena;
  Pass pass;
  pass.arena = &arena;
  pass.router = &knobs;
  pass.what_if = &what_if;
  pass.first_image = image;
  pass.image_tokens = map.num_tokens;
  pass.first_patch = map.has_class_token ? 1 : 0;
  Routing r;
  r.kind = map.router;
  r.layer = map.layer;
  r.groups = 1;
  r.tokens = r.total_tokens = map.num_tokens;
  r.experts = map.num_experts;
  r.temperature = knobs.temperature;
  start_interventions(pass, r.tokens, r, arena);
  const double power = map.temperature / knobs.temperature;
  if (r.kind == RouterKind::soft)
    rebuild_soft(map, pass, power, r);
  else
    rebuild_sparse(map, pass, power, r);
  RoutingMap result = routing_map(r, 0, map.num_tokens);
  result.step = map.step;
  result.token_set = map.token_set;
  result.grid_height = map.grid_height, result.grid_width = map.grid_width;
  result.has_class_token = map.has_class_token;
  return result;
}

}  // namespace moescope
