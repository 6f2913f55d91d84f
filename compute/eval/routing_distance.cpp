// Shares, their distances, and the matching of experts by the patches that they have in common.
#include "compute/eval/routing_distance.h"

#include <algorithm>
#include <cmath>

#include "compute/eval/assignment.h"
#include "compute/records/error.h"

namespace moescope {
namespace {

void add_soft(const RoutingMap& map, int64_t token, double* shares) {
  const int64_t slots = map.num_experts * map.slots_per_expert;
  for (int64_t slot = 0; slot < slots; ++slot) {
    shares[slot / map.slots_per_expert] += static_cast<double>(map.combine[static_cast<size_t>(token * slots + slot)]);
  }
}

void add_sparse(const RoutingMap& map, int64_t token, double* shares) {
  for (int64_t choice = 0; choice < map.k; ++choice) {
    const auto at = static_cast<size_t>(token * map.k + choice);
    if (map.expert[at] >= 0 && map.drop[at] == DropReason::none)
      shares[map.expert[at]] += static_cast<double>(map.weight[at]);
  }
}

size_t main_of(const std::vector<double>& shares) {
  return static_cast<size_t>(std::max_element(shares.begin(), shares.end()) - shares.begin());
}

/// The shares with room for E experts, "none" still last.
std::vector<double> widened(const std::vector<double>& shares, int64_t num_experts) {
  std::vector<double> wide(static_cast<size_t>(num_experts) + 1, 0.0);
  std::copy(shares.begin(), shares.end() - 1, wide.begin());
  wide.back() = shares.back();
  return wide;
}

double divergence_half(double p, double mean) { return p > 0 ? 0.5 * p * std::log2(p / mean) : 0; }

}  // namespace

std::vector<double> expert_shares(const RoutingMap& map) {
  const int64_t width = map.num_experts + 1;
  std::vector<double> shares(static_cast<size_t>(map.num_tokens * width), 0.0);
  for (int64_t token = 0; token < map.num_tokens; ++token) {
    double* row = shares.data() + token * width;
    if (map.router == RouterKind::soft) {
      add_soft(map, token, row);
    } else {
      add_sparse(map, token, row);
    }
    double sum = 0;
    for (int64_t e = 0; e < map.num_experts; ++e) sum += row[e];
    if (sum <= 0) row[map.num_experts] = 1;
    for (int64_t e = 0; sum > 0 && e < map.num_experts; ++e) row[e] /= sum;
  }
  return shares;
}

double jensen_shannon_distance(const std::vector<double>& p, const std::vector<double>& q) {
  double divergence = 0;
  for (size_t i = 0; i < p.size(); ++i) {
    const double mean = 0.5 * (p[i] + q[i]);
    divergence += divergence_half(p[i], mean) + divergence_half(q[i], mean);
  }
  return std::sqrt(std::clamp(divergence, 0.0, 1.0));  // rounding alone can leave the range
}

std::vector<std::vector<double>> cell_shares(const RoutingMap& map, int64_t height, int64_t width) {
  const std::vector<double> shares = expert_shares(map);
  const int64_t first = map.has_class_token ? 1 : 0, experts = map.num_experts + 1;
  // How much of cell i of n lies in patch j of m, both laid over the same length.
  const auto overlap = [](int64_t i, int64_t n, int64_t j, int64_t m) {
    const auto low = std::max(i * m, j * n), high = std::min((i + 1) * m, (j + 1) * n);
    return high > low ? static_cast<double>(high - low) / static_cast<double>(m) : 0;
  };
  std::vector<std::vector<double>> cells;
  for (int64_t cell = 0; cell < height * width; ++cell) {
    std::vector<double>& sum = cells.emplace_back(static_cast<size_t>(experts), 0.0);
    for (int64_t row = 0; row < map.grid_height; ++row) {
      const double tall = overlap(cell / width, height, row, map.grid_height);
      for (int64_t column = 0; tall > 0 && column < map.grid_width; ++column) {
        const double share = tall * overlap(cell % width, width, column, map.grid_width);
        const double* patch = shares.data() + (row * map.grid_width + column + first) * experts;
        for (int64_t e = 0; share > 0 && e < experts; ++e) sum[static_cast<size_t>(e)] += share * patch[e];
      }
    }
  }
  return cells;
}

std::vector<int32_t> main_experts(const std::vector<std::vector<double>>& shares) {
  std::vector<int32_t> experts;
  for (const std::vector<double>& row : shares) {
    const size_t best = main_of(row);
    experts.push_back(best + 1 == row.size() ? -1 : static_cast<int32_t>(best));
  }
  return experts;
}

void RoutingComparison::add(const RoutingMap& a, const RoutingMap& b) {
  if (a.layer != b.layer) {
    throw ConfigError("the routing of layer " + std::to_string(a.layer) + " cannot be compared with that of layer " +
                      std::to_string(b.layer) + "; compare the same layer of both");
  }
  auto layer = std::find_if(layers_.begin(), layers_.end(), [&](const Layer& known) { return known.layer == a.layer; });
  if (layer == layers_.end()) layer = layers_.insert(layers_.end(), Layer{a.layer, 0, 0, false, {}, {}});
  ++layer->num_images;
  layer->num_experts = std::max({layer->num_experts, a.num_experts, b.num_experts});
  layer->aligned |= a.grid_height != b.grid_height || a.grid_width != b.grid_width;
  const int64_t height = std::max(a.grid_height, b.grid_height), width = std::max(a.grid_width, b.grid_width);
  for (const auto& [map, rows] : {std::pair{&a, &layer->a}, {&b, &layer->b}}) {
    std::vector<std::vector<double>> cells = cell_shares(*map, height, width);
    rows->insert(rows->end(), std::make_move_iterator(cells.begin()), std::make_move_iterator(cells.end()));
  }
}

std::vector<RoutingDistance> RoutingComparison::result(std::span<const RoutingDistance> matched_as) const {
  std::vector<RoutingDistance> distances;
  for (const Layer& layer : layers_) {
    const int64_t experts = layer.num_experts, width = experts + 1;
    RoutingDistance distance{.layer = layer.layer,
                             .num_images = layer.num_images,
                             .num_patches = static_cast<int64_t>(layer.a.size()),
                             .num_experts = experts,
                             .aligned = layer.aligned,
                             .flow = std::vector<int64_t>(static_cast<size_t>(width * width), 0),
                             .match = {}};
    std::vector<double> common(static_cast<size_t>(experts * experts), 0.0);
    std::vector<std::vector<double>> a, b;
    for (size_t patch = 0; patch < layer.a.size(); ++patch) {
      a.push_back(widened(layer.a[patch], experts));
      b.push_back(widened(layer.b[patch], experts));
      ++distance.flow[main_of(a[patch]) * static_cast<size_t>(width) + main_of(b[patch])];
      // Shares rather than main experts: where nobody stands out, what they have in common still decides.
      for (int64_t i = 0; i < experts; ++i) {
        for (int64_t j = 0; j < experts; ++j) {
          common[static_cast<size_t>(i * experts + j)] +=
              std::min(a[patch][static_cast<size_t>(i)], b[patch][static_cast<size_t>(j)]);
        }
      }
    }
    const auto known = std::find_if(matched_as.begin(), matched_as.end(), [&](const RoutingDistance& other) {
      return other.layer == layer.layer && other.num_experts == experts;
    });
    distance.match = known == matched_as.end() ? best_assignment(common, experts) : known->match;
    for (size_t patch = 0; patch < a.size(); ++patch) {
      std::vector<double> matched = b[patch];
      for (size_t i = 0; i < distance.match.size(); ++i) matched[i] = b[patch][static_cast<size_t>(distance.match[i])];
      distance.distance += jensen_shannon_distance(a[patch], b[patch]);
      distance.matched_distance += jensen_shannon_distance(a[patch], matched);
      distance.changed += main_of(a[patch]) != main_of(b[patch]);
      distance.matched_changed += main_of(a[patch]) != main_of(matched);
    }
    const double patches = std::max(1.0, static_cast<double>(a.size()));
    for (double* sum : {&distance.distance, &distance.matched_distance, &distance.changed, &distance.matched_changed}) {
      *sum /= patches;
    }
    distances.push_back(std::move(distance));
  }
  std::sort(distances.begin(), distances.end(), [](const auto& x, const auto& y) { return x.layer < y.layer; });
  return distances;
}

}  // namespace moescope
