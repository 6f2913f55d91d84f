// How differently two models route the same images, layer by layer, with experts matched first: their numbers are
// arbitrary, so that raw numbers tell two seeds of one model apart as if they did different things.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "compute/records/routing_distance.h"
#include "compute/records/routing_map.h"

namespace moescope {

/// What each token gives to each expert, (S, E + 1) row-major, rows sum to 1. Soft: its combine weights summed over an
/// expert's slots. Sparse: the weights of its executed choices over their sum; the last column is 1 when no choice was.
std::vector<double> expert_shares(const RoutingMap& map);

/// One row of shares a cell of a (height, width) grid over the same image, row-major, class token left out. A cell
/// takes from each patch as much as the patch covers of it.
std::vector<std::vector<double>> cell_shares(const RoutingMap& map, int64_t height, int64_t width);
/// The expert with the largest share of each row; -1 where most goes to none.
std::vector<int32_t> main_experts(const std::vector<std::vector<double>>& shares);

/// Accumulates maps pair by pair.
class RoutingComparison {
 public:
  /// Two maps of one image. Where their grids differ, both are laid on the finer one. Throws ConfigError when their
  /// layers differ.
  void add(const RoutingMap& a, const RoutingMap& b);
  /// One entry a layer, in order. Experts are matched by these images, or as in `matched` where it has the layer.
  std::vector<RoutingDistance> result(std::span<const RoutingDistance> matched = {}) const;

 private:
  struct Layer {
    int64_t layer, num_images, num_experts;
    bool aligned;
    std::vector<std::vector<double>> a, b;  // shares of each patch, each E + 1 or fewer
  };
  std::vector<Layer> layers_;
};

/// In base 2, of two distributions of one length: 0..1.
double jensen_shannon_distance(const std::vector<double>& p, const std::vector<double>& q);

}  // namespace moescope
