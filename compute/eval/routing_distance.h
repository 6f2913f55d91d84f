// How differently two models route the same images, layer by layer, with experts matched first: their numbers are
// arbitrary, so that raw numbers tell two seeds of one model apart as if they did different things.
#pragma once

#include <cstdint>
#include <vector>

#include "compute/records/routing_map.h"

namespace moescope {

/// What each token gives to each expert, (S, E + 1) row-major, rows sum to 1. Soft: its combine weights summed over an
/// expert's slots. Sparse: the weights of its executed choices over their sum; the last column is 1 when no choice was.
std::vector<double> expert_shares(const RoutingMap& map);

/// Of one layer, over all patches of all images that both sides have.
struct RoutingDistance {
  int64_t layer = 0, num_images = 0, num_patches = 0;
  int64_t num_experts = 0;  // E, the greater of the two
  // Jensen-Shannon distance (base 2, the root of the divergence: 0 equal, 1 disjoint) of a patch's shares, mean over
  // patches
  double distance = 0, matched_distance = 0;
  // share of patches whose main expert differs
  double changed = 0, matched_changed = 0;
  std::vector<int64_t> flow;   // (E+1, E+1) patches with main expert i in a and j in b; the last: no expert
  std::vector<int64_t> match;  // (E) the expert of b that plays the part of expert i of a, by the greatest total flow
};

/// Accumulates maps pair by pair.
class RoutingComparison {
 public:
  /// Two maps of one image. Throws ConfigError when their layers or grids differ.
  void add(const RoutingMap& a, const RoutingMap& b);
  /// One entry a layer, in order.
  std::vector<RoutingDistance> result() const;

 private:
  struct Layer {
    int64_t layer, num_images, num_experts;
    std::vector<std::vector<double>> a, b;  // shares of each patch, each E + 1 or fewer
  };
  std::vector<Layer> layers_;
};

/// In base 2, of two distributions of one length: 0..1.
double jensen_shannon_distance(const std::vector<double>& p, const std::vector<double>& q);

}  // namespace moescope
