// One image through two stored models: where its patches go in each, and what differs.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "compute/records/look.h"
#include "compute/records/routing_distance.h"
#include "compute/records/run_comparison.h"

namespace moescope {

struct PairRequest {
  int64_t id = 0;                 // chosen by who asks; comes back with the answer
  RunMoment a, b;                 // the checkpoints nearest below those steps
  WatchedImage image;             // on view
  int64_t num_images = 32;        // of the test set, over which distances and the matching of experts are taken
  bool operator==(const PairRequest&) const = default;
};

/// One MoE layer that both models have, on the finer of the two grids.
struct PairLayer {
  RoutingDistance over_all;       // over the request's num_images and the image on view
  RoutingDistance of_image;       // of the image on view, with the matching of over_all
  int64_t grid_height = 0, grid_width = 0;
  bool aligned = false;           // the grids differ: patches are compared where they cover the same pixels
  std::vector<int32_t> a, b;      // (grid_height, grid_width) main expert of each cell; -1: nobody took it
  std::vector<int32_t> matched;   // b's, under the number of the expert of a whose part it plays; -1 too
};

/// One side as it was found.
struct PairSide {
  std::string label;              // "run 3, step 400"
  RouterKind router = RouterKind::dense;
  ImageView view;                 // the image on view
};

struct PairLook {
  PairRequest request;
  std::string refusal;            // one sentence; the rest is empty then
  PairSide a, b;
  std::vector<PairLayer> layers;  // in order
  std::vector<std::string> notes;  // "layer 3 routes in run 1 only", "the grids differ: ..."
  std::vector<std::string> class_names;
  double answer_ms = 0;
};

}  // namespace moescope
