// One patch in words: what it wanted, what was executed and why not; and what the model makes of the image.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "widgets/panels/routing_view.h"
#include "widgets/panels/selection.h"
#include "widgets/panels/sources.h"
#include "widgets/plots/bars.h"
#include "widgets/ui/rect.h"

namespace moescope::panels {

class PatchDetail {
 public:
  void draw_ui(const ui::Rect& area, const Seen& seen, const Selection& selection);

  /// The bars of the most probable classes; under a counterfactual, what the model says as it is stands above.
  static std::vector<plots::Bar> prediction(const Snapshot& snapshot, const ImageView& view,
                                            const std::vector<float>* factual, size_t count);
  /// "12 of 49 patches re-routed, margin 2.1 → 0.4": what came of the question.
  static std::string effect(const ImageLook& look, const RoutingMap& map);
};

/// "place 9 of 13", "no place: E3 is full (26 wanted one of 13)", "E3 is off": what became of a choice.
std::string fate(const RoutingMap& map, const Choice& choice);

}  // namespace moescope::panels
