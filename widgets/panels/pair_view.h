// What the two-run panels share: which layer, which way of looking, which patch is pointed at.
#pragma once

#include <cstdint>

#include "compute/records/pair_look.h"
#include "widgets/panels/zoom.h"

namespace moescope::panels {

enum class PairMode { sides, split, difference };

struct PairSelection {
  PairMode mode = PairMode::sides;
  int64_t layer = -1;                   // block index; -1: the last that both have
  bool matched = true;                  // b's experts under the numbers of those of a whose part they play
  bool swapped = false;                 // Shift: each place shows the other run
  double split = 0.5;                   // of the picture's width, a's part
  Zoom zoom;                            // of both pictures
  int64_t hovered = -1, hovering = -1;  // cell of the layer's grid; what was drawn, what was found in this frame
  void begin_frame() { hovered = hovering, hovering = -1; }
};

/// The layer on view; null when the two have none in common.
inline const PairLayer* pair_layer(const PairLook& look, const PairSelection& selection) {
  const PairLayer* found = nullptr;
  for (const PairLayer& layer : look.layers)
    if (!found || selection.layer < 0 || layer.over_all.layer == selection.layer) found = &layer;
  for (const PairLayer& layer : look.layers)
    if (layer.over_all.layer == selection.layer) found = &layer;
  return found;
}

/// The experts of b as they are to be shown.
inline const std::vector<int32_t>& pair_experts(const PairLayer& layer, bool of_b, bool matched) {
  return !of_b ? layer.a : matched ? layer.matched : layer.b;
}

/// Cells whose expert differs.
inline int64_t num_rerouted(const PairLayer& layer, bool matched) {
  const std::vector<int32_t>& b = pair_experts(layer, true, matched);
  int64_t count = 0;
  for (size_t i = 0; i < layer.a.size(); ++i) count += layer.a[i] != b[i];
  return count;
}

}  // namespace moescope::panels
