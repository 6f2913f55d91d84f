// Reading a routing map.
#include "widgets/panels/routing_view.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "compute/records/config_fields.h"

namespace moescope::panels {

const ImageView* find_view(const Snapshot& snapshot, const WatchedImage& image) {
  for (const ImageView& view : snapshot.images)
    if (view.image.test_index == image.test_index && view.image.own == image.own) return &view;
  return nullptr;
}

const RoutingMap* find_map(const ImageView& view, int64_t layer) {
  for (const RoutingMap& map : view.routing)
    if (map.layer == layer) return &map;
  return nullptr;
}

std::string layer_name(int64_t layer) { return "layer " + std::to_string(layer); }

const ExpertLoad* find_load(const Snapshot& snapshot, int64_t layer) {
  for (const ExpertLoad& load : snapshot.layers)
    if (load.layer == layer) return &load;
  return nullptr;
}

std::vector<int64_t> moe_layer_list(const RunConfig& config) {
  std::vector<int64_t> layers;
  const std::vector<bool> flags = moe_layers(config.model, config.router);
  for (size_t block = 0; block < flags.size(); ++block)
    if (flags[block]) layers.push_back(static_cast<int64_t>(block));
  return layers;
}

bool is_sparse(const RoutingMap& map) {
  return map.router == RouterKind::tokens_choice || map.router == RouterKind::experts_choice;
}
int64_t num_patches(const RoutingMap& map) { return map.grid_height * map.grid_width; }
int64_t token_of_patch(const RoutingMap& map, int64_t patch) { return patch + (map.has_class_token ? 1 : 0); }
int64_t patch_of_token(const RoutingMap& map, int64_t token) { return token - (map.has_class_token ? 1 : 0); }
bool expert_is_off(const RoutingMap& map, int64_t expert) {
  const auto e = static_cast<size_t>(expert);
  return expert >= 0 && e < map.expert_off.size() && map.expert_off[e] != 0;
}

std::vector<Choice> choices(const RoutingMap& map, int64_t token) {
  std::vector<Choice> list;
  for (int64_t k = 0; k < map.k; ++k) {
    const auto i = static_cast<size_t>(token * map.k + k);
    if (i >= map.expert.size() || map.expert[i] < 0) continue;
    Choice choice{map.expert[i], map.weight[i], -1, DropReason::none};
    if (i < map.place.size()) choice.place = map.place[i];
    if (i < map.drop.size()) choice.drop = map.drop[i];
    list.push_back(choice);
  }
  return list;
}

Choice executed_choice(const RoutingMap& map, int64_t token) {
  for (const Choice& choice : choices(map, token))
    if (choice.executed()) return choice;
  return {};
}

bool goes_to(const RoutingMap& map, int64_t token, int64_t expert) {
  for (int64_t k = 0; k < map.k; ++k) {
    const auto i = static_cast<size_t>(token * map.k + k);
    if (i < map.expert.size() && map.expert[i] == expert && map.drop[i] == DropReason::none) return true;
  }
  return false;
}

int64_t count_dropped(const RoutingMap& map) {
  int64_t count = 0;
  for (int64_t token = 0; token < map.num_tokens; ++token) count += executed_choice(map, token).expert < 0;
  return count;
}

float gate_of(const RoutingMap& map, int64_t token, int64_t expert) {
  const auto i = static_cast<size_t>(token * map.num_experts + expert);
  return expert >= 0 && i < map.gates.size() ? map.gates[i] : 0;
}

std::vector<Choice> wanted_choices(const RoutingMap& map, int64_t token) {
  if (map.router != RouterKind::experts_choice) return choices(map, token);
  Choice best;
  for (int64_t e = 0; e < map.num_experts; ++e)
    if (best.expert < 0 || gate_of(map, token, e) > best.gate) best.expert = e, best.gate = gate_of(map, token, e);
  if (best.expert < 0) return {};
  if (expert_is_off(map, best.expert))
    best.drop = DropReason::expert_off;
  else if (!goes_to(map, token, best.expert))
    best.drop = DropReason::expert_full;  // others were worth more to this expert
  return {best};
}

LostChoices count_lost(const RoutingMap& map) {
  LostChoices lost;
  for (int64_t token = 0; token < map.num_tokens; ++token)
    for (const Choice& choice : wanted_choices(map, token)) {
      lost.full += choice.drop == DropReason::expert_full;
      lost.off += choice.drop == DropReason::expert_off;
    }
  return lost;
}

namespace {

double entropy_of(std::span<const double> shares) {
  double sum = 0;
  for (const double p : shares)
    if (p > 0) sum -= p * std::log(p);
  return sum;
}

/// What a token gives to each expert: its gates, or its combine weights summed over the expert's slots.
std::vector<double> given_by(const RoutingMap& map, int64_t token) {
  std::vector<double> given(static_cast<size_t>(map.num_experts));
  for (int64_t e = 0; e < map.num_experts; ++e)
    if (is_sparse(map)) given[static_cast<size_t>(e)] = gate_of(map, token, e);
  for (int64_t q = 0; q < num_slots(map); ++q)
    given[static_cast<size_t>(expert_of_slot(map, q))] += map.combine[static_cast<size_t>(token * num_slots(map) + q)];
  return given;
}

}  // namespace

double variation(const std::vector<float>& values) {
  if (values.empty()) return 0;
  double mean = 0, variance = 0;
  for (const float v : values) mean += v;
  mean /= static_cast<double>(values.size());
  for (const float v : values) variance += (v - mean) * (v - mean);
  return mean > 0 ? std::sqrt(variance / static_cast<double>(values.size())) / mean : 0;
}

ExpertLoad load_of(const RoutingMap& map) {
  ExpertLoad load;
  load.router = map.router, load.layer = map.layer, load.token_set = map.token_set;
  load.num_tokens = map.num_tokens;
  load.capacity = is_sparse(map) ? map.capacity : map.slots_per_expert;
  load.actual_capacity_factor = map.actual_capacity_factor;
  load.entropy_max = std::log(static_cast<double>(map.num_experts));
  const double tokens = static_cast<double>(std::max<int64_t>(1, map.num_tokens));
  const double experts = static_cast<double>(map.num_experts);
  std::vector<double> importance(static_cast<size_t>(map.num_experts)), executed(importance.size());
  int64_t asked = 0;
  double done = 0;
  for (int64_t token = 0; token < map.num_tokens; ++token) {
    const std::vector<double> given = given_by(map, token);
    for (size_t e = 0; e < given.size(); ++e) importance[e] += given[e];
    load.entropy += entropy_of(given) / tokens;
    for (const Choice& choice : choices(map, token)) {
      ++asked;
      if (choice.executed()) executed[static_cast<size_t>(choice.expert)] += 1, done += 1;
    }
    load.dropped += is_sparse(map) && executed_choice(map, token).expert < 0 ? 1 / tokens : 0;
  }
  for (size_t e = 0; e < importance.size(); ++e) {
    load.importance.push_back(static_cast<float>(importance[e] * experts / tokens));
    load.load.push_back(is_sparse(map) ? static_cast<float>(done > 0 ? executed[e] * experts / done : 0)
                                       : load.importance.back());
  }
  load.load_cv = variation(load.load);
  if (map.router == RouterKind::tokens_choice && asked > 0)
    load.dropped_choices = 1 - done / static_cast<double>(asked);
  const double places = static_cast<double>(map.capacity) * experts;
  if (is_sparse(map) && places > 0) load.capacity_use = done / places;
  return load;
}

int64_t num_slots(const RoutingMap& map) { return map.num_experts * map.slots_per_expert; }
int64_t slots_per_expert(const Snapshot& snapshot) {
  if (snapshot.config.router.slots_per_expert > 0) return snapshot.config.router.slots_per_expert;
  for (const ExpertLoad& load : snapshot.layers)
    if (load.router == RouterKind::soft && load.capacity > 0) return load.capacity;
  for (const ImageView& view : snapshot.images)
    for (const RoutingMap& map : view.routing)
      if (map.slots_per_expert > 0) return map.slots_per_expert;
  return 1;
}
int64_t expert_of_slot(const RoutingMap& map, int64_t slot) {
  return slot / std::max<int64_t>(1, map.slots_per_expert);
}

float dispatch_times(const RoutingMap& map, int64_t token, int64_t slot) {
  return map.dispatch[static_cast<size_t>(token * num_slots(map) + slot)] * static_cast<float>(map.num_tokens);
}
float combine_times(const RoutingMap& map, int64_t token, int64_t slot) {
  return map.combine[static_cast<size_t>(token * num_slots(map) + slot)] * static_cast<float>(num_slots(map));
}

float token_weight_times(const RoutingMap& map, int64_t token) {
  float sum = 0;
  for (int64_t slot = 0; slot < num_slots(map); ++slot) sum += dispatch_times(map, token, slot);
  return sum / static_cast<float>(std::max<int64_t>(1, num_slots(map)));
}

float combine_entropy(const RoutingMap& map, int64_t token) {
  double sum = 0;
  for (int64_t slot = 0; slot < num_slots(map); ++slot) {
    const double p = map.combine[static_cast<size_t>(token * num_slots(map) + slot)];
    if (p > 0) sum -= p * std::log(p);
  }
  return static_cast<float>(sum);
}

int64_t tokens_for_share(const RoutingMap& map, double share) {
  std::vector<double> weights;
  double total = 0, sum = 0;
  for (int64_t token = 0; token < map.num_tokens; ++token) {
    weights.push_back(token_weight_times(map, token));
    total += weights.back();
  }
  std::sort(weights.rbegin(), weights.rend());
  int64_t count = 0;
  for (const double weight : weights) {
    if (sum >= share * total) break;
    sum += weight, ++count;
  }
  return count;
}

SoftRange soft_range(const RoutingMap& map) {
  SoftRange range;
  if (map.dispatch.empty() || map.combine.empty()) return range;
  const auto tokens = static_cast<float>(map.num_tokens), slots = static_cast<float>(num_slots(map));
  const auto [dispatch_min, dispatch_max] = std::minmax_element(map.dispatch.begin(), map.dispatch.end());
  const auto [combine_min, combine_max] = std::minmax_element(map.combine.begin(), map.combine.end());
  range.dispatch_max = *dispatch_max * tokens;
  range.combine_max = *combine_max * slots;
  range.min = std::min(*dispatch_min * tokens, *combine_min * slots);
  range.max = std::max(range.dispatch_max, range.combine_max);
  const auto num = static_cast<size_t>(num_slots(map));
  std::vector<float> peaks(num);
  for (size_t i = 0; i < map.dispatch.size(); ++i) peaks[i % num] = std::max(peaks[i % num], map.dispatch[i] * tokens);
  const auto nth = peaks.begin() + static_cast<std::ptrdiff_t>(0.9 * static_cast<double>(num - 1));
  std::nth_element(peaks.begin(), nth, peaks.end());
  range.typical_peak = *nth;
  return range;
}

float scale_top(float largest) {
  for (float unit = 1; unit < 1e6f; unit *= 10)
    for (const float factor : {2.f, 3.f, 5.f, 10.f})
      if (largest <= factor * unit) return factor * unit;
  return largest;
}

int64_t sharpest_slot(const RoutingMap& map, int64_t expert) {
  const int64_t slots = num_slots(map);
  if (slots == 0 || map.dispatch.size() < static_cast<size_t>(map.num_tokens * slots)) return -1;
  const int64_t first = expert < 0 ? 0 : expert * map.slots_per_expert;
  const int64_t last = expert < 0 ? slots : first + map.slots_per_expert;
  int64_t best = first;
  float peak = -1;
  for (int64_t token = 0; token < map.num_tokens; ++token)
    for (int64_t slot = first; slot < last; ++slot) {
      const float value = map.dispatch[static_cast<size_t>(token * slots + slot)];
      if (value > peak) peak = value, best = slot;
    }
  return best;
}

std::vector<std::pair<int64_t, float>> top_slots(const RoutingMap& map, int64_t token, bool combine, size_t count) {
  std::vector<std::pair<int64_t, float>> list;
  for (int64_t slot = 0; slot < num_slots(map); ++slot)
    list.emplace_back(slot, combine ? combine_times(map, token, slot) : dispatch_times(map, token, slot));
  count = std::min(count, list.size());
  std::partial_sort(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(count), list.end(),
                    [](const auto& a, const auto& b) { return a.second > b.second; });
  list.resize(count);
  return list;
}

}  // namespace moescope::panels
