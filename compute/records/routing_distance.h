// How differently two models route the same patches in one layer.
#pragma once

#include <cstdint>
#include <vector>

namespace moescope {

/// Of one layer, over all patches of all images that both sides have.
struct RoutingDistance {
  int64_t layer = 0, num_images = 0, num_patches = 0;
  int64_t num_experts = 0;  // E, the greater of the two
  bool aligned = false;     // the grids differ: patches are the cells of the finer one, compared by their pixels
  // Jensen-Shannon distance (base 2, the root of the divergence: 0 equal, 1 disjoint) of a patch's shares, mean over
  // patches
  double distance = 0, matched_distance = 0;
  // share of patches whose main expert differs
  double changed = 0, matched_changed = 0;
  std::vector<int64_t> flow;   // (E+1, E+1) patches with main expert i in a and j in b; the last: no expert
  std::vector<int64_t> match;  // (E) the expert of b that plays the part of expert i of a, by the greatest total flow
};

}  // namespace moescope
