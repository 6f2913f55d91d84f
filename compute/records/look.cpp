// Whose a patch is, and what changed between two views.
#include "compute/records/look.h"

#include <algorithm>
#include <cmath>

namespace moescope {

namespace {

/// A token's share of the combine weights that an expert has.
float combine_share(const RoutingMap& map, int64_t token, int64_t expert) {
  const float* row = map.combine.data() + (token * map.num_experts + expert) * map.slots_per_expert;
  float share = 0;
  for (int64_t slot = 0; slot < map.slots_per_expert; ++slot) share += row[slot];
  return share;
}

bool is_off(const RoutingMap& map, int64_t expert) {
  return !map.expert_off.empty() && map.expert_off[static_cast<size_t>(expert)] != 0;
}

/// Index of the token's first executed choice, -1 when none was.
int64_t executed_choice(const RoutingMap& map, int64_t token) {
  for (int64_t choice = 0; choice < map.k; ++choice) {
    const auto at = static_cast<size_t>(token * map.k + choice);
    if (map.expert[at] >= 0 && map.drop[at] == DropReason::none) return static_cast<int64_t>(at);
  }
  return -1;
}

int64_t largest(const std::vector<float>& values) {
  return values.empty() ? -1 : std::max_element(values.begin(), values.end()) - values.begin();
}

double margin_of(const std::vector<float>& probabilities, int64_t chosen) {
  double best_other = 0;
  for (size_t i = 0; i < probabilities.size(); ++i) {
    if (static_cast<int64_t>(i) != chosen) best_other = std::max(best_other, static_cast<double>(probabilities[i]));
  }
  constexpr double kLeast = 1e-30;  // a probability of 0 is a float that underflowed
  const double own = probabilities[static_cast<size_t>(chosen)];
  return std::log(std::max(own, kLeast)) - std::log(std::max(best_other, kLeast));
}

LayerChange changed_patches(const RoutingMap& before, const RoutingMap& after) {
  LayerChange change;
  change.layer = before.layer;
  const int64_t patches = std::min(before.num_tokens, after.num_tokens) - (before.has_class_token ? 1 : 0);
  for (int64_t patch = 0; patch < patches; ++patch) {
    const int32_t was = main_expert_of_patch(before, patch), is = main_expert_of_patch(after, patch);
    if (was != is) change.patches.push_back({patch, was, is});
  }
  return change;
}

}  // namespace

int32_t main_expert(const RoutingMap& map, int64_t token) {
  if (map.router != RouterKind::soft) {
    const int64_t at = executed_choice(map, token);
    return at < 0 ? -1 : map.expert[static_cast<size_t>(at)];
  }
  int32_t best = -1;
  float best_share = -1;
  for (int64_t expert = 0; expert < map.num_experts; ++expert) {
    if (is_off(map, expert)) continue;
    if (const float share = combine_share(map, token, expert); share > best_share)
      best = static_cast<int32_t>(expert), best_share = share;
  }
  return best;
}

ImageLook compared(ImageView as_is, ImageView changed) {
  ImageLook look;
  for (size_t i = 0; i < std::min(as_is.routing.size(), changed.routing.size()); ++i)
    look.layers.push_back(changed_patches(as_is.routing[i], changed.routing[i]));
  look.predicted_before = largest(as_is.probabilities);
  look.predicted_after = largest(changed.probabilities);
  if (look.predicted_before >= 0 && look.predicted_after >= 0) {
    const auto at = static_cast<size_t>(look.predicted_before);
    look.margin_before = margin_of(as_is.probabilities, look.predicted_before);
    look.margin_after = margin_of(changed.probabilities, look.predicted_before);
    look.probability_change = static_cast<double>(changed.probabilities[at]) - as_is.probabilities[at];
  }
  look.as_is = std::move(as_is);
  look.changed = std::move(changed);
  return look;
}

std::vector<PathStep> path_of_patch(const ImageView& view, int64_t patch) {
  std::vector<PathStep> path;
  for (const RoutingMap& map : view.routing) {
    const int64_t token = patch + (map.has_class_token ? 1 : 0);
    PathStep step;
    step.layer = map.layer;
    step.expert = main_expert(map, token);
    if (map.router == RouterKind::soft) {
      if (step.expert >= 0) step.weight = combine_share(map, token, step.expert);
    } else if (const int64_t at = executed_choice(map, token); at >= 0) {
      step.weight = map.weight[static_cast<size_t>(at)];
    } else if (map.k > 0) {
      step.drop = map.drop[static_cast<size_t>(token * map.k)];
    }
    path.push_back(step);
  }
  return path;
}

}  // namespace moescope
