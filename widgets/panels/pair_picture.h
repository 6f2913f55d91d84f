// One image as two stored models see it, side by side under one zoom, as a split picture, or as what changed.
#pragma once

#include <string>

#include "widgets/panels/pair_view.h"
#include "widgets/ui/keys.h"
#include "widgets/ui/rect.h"
#include "widgets/ui/textures.h"

namespace moescope::panels {

class PairPicture {
 public:
  /// look: the newest answer, null before one came; waiting: another one is on its way. Draws without a panel's
  /// surface.
  void draw_ui(const ui::Rect& area, const PairLook* look, bool waiting, PairSelection& selection,
               ui::Textures& textures);
  /// , . layer, Shift swaps while it is held, W the way of looking, L matched or raw numbers, F fits.
  static void take_keys(const PairLook* look, PairSelection& selection);
};

}  // namespace moescope::panels
