// How differently two models route, in numbers: each layer's distance, the patches that moved, the flow between
// experts.
#pragma once

#include "widgets/panels/pair_view.h"
#include "widgets/ui/rect.h"
#include "widgets/ui/textures.h"

namespace moescope::panels {

class PairRouting {
 public:
  void draw_ui(const ui::Rect& area, const PairLook* look, PairSelection& selection, ui::Textures& textures);

 private:
  int tab_ = 0;
};

}  // namespace moescope::panels
