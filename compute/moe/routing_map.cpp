// One image's rows, copied out of a routing, with the reason of every drop.
#include <algorithm>
#include <string>

#include "compute/core/error.h"
#include "compute/moe/observe.h"

namespace moescope {
namespace {

std::vector<float> copied(const Tensor& x, int64_t first, int64_t count) {
  const Tensor rows = x.rows(first, first + count);
  return std::vector<float>(rows.f32(), rows.f32() + rows.size());
}

void add_tokens_choice(const Routing& r, int64_t first, RoutingMap& map) {
  const auto choices = static_cast<size_t>(map.num_tokens * r.k);
  map.k = r.k;
  map.expert.resize(choices), map.weight.resize(choices), map.place.resize(choices), map.drop.resize(choices);
  for (size_t i = 0; i < choices; ++i) {
    const int64_t at = first * r.k + static_cast<int64_t>(i), token = at / r.k;
    const int32_t expert = r.expert.i32()[at], place = r.place.i32()[at];
    map.expert[i] = expert;
    map.place[i] = place;
    map.weight[i] = r.gates.f32()[token * r.experts + expert];
    map.drop[i] = r.is_off(expert, token) ? DropReason::expert_off
                  : place >= map.capacity ? DropReason::expert_full
                                          : DropReason::none;
  }
}

struct Taken {
  int64_t token;  // of the image
  int32_t expert, place;
  float gate;
};

/// Which experts took the image's tokens: by token, best gate first.
std::vector<Taken> takers(const Routing& r, int64_t first, int64_t num_tokens) {
  std::vector<Taken> taken;
  const int64_t group = first / r.tokens, begin = first - group * r.tokens;
  for (int64_t e = 0; e < r.experts; ++e)
    for (int64_t c = 0; c < r.group_capacity(group); ++c) {
      const int64_t token = r.chosen_token.i32()[(group * r.experts + e) * r.capacity + c] - begin;
      if (token < 0 || token >= num_tokens) continue;
      taken.push_back(
          {token, static_cast<int32_t>(e), static_cast<int32_t>(c), r.gates.f32()[(first + token) * r.experts + e]});
    }
  std::stable_sort(taken.begin(), taken.end(), [](const Taken& a, const Taken& b) {
    return a.token != b.token ? a.token < b.token : a.gate > b.gate;
  });
  return taken;
}

void add_experts_choice(const Routing& r, int64_t first, RoutingMap& map) {
  const std::vector<Taken> taken = takers(r, first, map.num_tokens);
  std::vector<int64_t> count(static_cast<size_t>(map.num_tokens), 0);
  for (const Taken& one : taken) map.k = std::max(map.k, ++count[static_cast<size_t>(one.token)]);
  map.k = std::max<int64_t>(map.k, 1);
  const auto choices = static_cast<size_t>(map.num_tokens * map.k);
  map.expert.assign(choices, -1), map.weight.assign(choices, 0), map.place.assign(choices, -1),
      map.drop.assign(choices, DropReason::none);
  int64_t token = -1, choice = 0;
  for (const Taken& one : taken) {
    choice = one.token == token ? choice + 1 : 0;
    token = one.token;
    const auto at = static_cast<size_t>(token * map.k + choice);
    map.expert[at] = one.expert;
    map.weight[at] = one.gate;
    map.place[at] = one.place;
    map.drop[at] = r.is_off(one.expert, first) ? DropReason::expert_off : DropReason::none;
  }
}

}  // namespace

RoutingMap routing_map(const Routing& r, int64_t first, int64_t num_tokens) {
  check_shape(r.tokens > 0 && first >= 0 && num_tokens > 0 && first + num_tokens <= r.total_tokens &&
                  first / r.tokens == (first + num_tokens - 1) / r.tokens,
              [&] {
                return "routing map: tokens [" + std::to_string(first) + "," + std::to_string(first + num_tokens) +
                       ") are not within one group of " + std::to_string(r.tokens) + " of the " +
                       std::to_string(r.total_tokens) + " routed";
              });
  RoutingMap map;
  map.router = r.kind;
  map.layer = r.layer;
  map.num_tokens = num_tokens;
  map.num_experts = r.experts;
  map.temperature = r.temperature;
  map.expert_off.resize(static_cast<size_t>(r.experts));
  for (int64_t e = 0; e < r.experts; ++e) map.expert_off[static_cast<size_t>(e)] = r.is_off(e, first) ? 1 : 0;
  if (r.kind == RouterKind::soft) {
    map.slots_per_expert = r.slots_per_expert;
    map.scale = r.scale;
    map.dispatch = copied(r.dispatch, first, num_tokens);
    map.combine = copied(r.combine, first, num_tokens);
    return map;
  }
  map.capacity = r.group_capacity(first / r.tokens);
  map.actual_capacity_factor = r.actual_capacity_factor;
  map.gates = copied(r.gates, first, num_tokens);
  if (r.kind == RouterKind::tokens_choice)
    add_tokens_choice(r, first, map);
  else
    add_experts_choice(r, first, map);
  return map;
}

}  // namespace moescope
