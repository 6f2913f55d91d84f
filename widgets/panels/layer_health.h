// How the experts of every MoE layer are used: one row a layer, and an alarm when a layer collapses.
#pragma once

#include <string>

#include "widgets/panels/selection.h"
#include "widgets/panels/sources.h"
#include "widgets/ui/rect.h"

namespace moescope::panels {

/// What the row of a layer is made of.
struct LayerHealth {
  int64_t dead = 0;             // experts with less than 0.5 % of a fair share
  int64_t busiest = -1;         // the expert with the largest load
  double overload = 0;          // its load over the fair share
  double importance_cv = 0;     // std / mean
  double relative_entropy = 1;  // of a token's gates over the largest possible
  bool collapsed = false;       // see why
  std::string why;              // "E3 takes 61 % of the tokens", "12 of 16 experts are dead"; empty when healthy
};

/// A layer has collapsed when one expert takes more than half of all work, or fewer than a quarter of the experts have
/// any (with 4 experts or more; two experts halve the work when all is well).
LayerHealth health_of(const ExpertLoad& load);

/// The table; a click on a row chooses the layer.
void draw_layer_health(const ui::Rect& inside, const Seen& seen, Selection& selection);

}  // namespace moescope::panels
