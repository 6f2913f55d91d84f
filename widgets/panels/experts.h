// The experts of one layer: load against the fair share, importance, and a switch to turn each off.
#pragma once

#include <cstdint>
#include <string>

#include "widgets/panels/routing_view.h"
#include "widgets/panels/selection.h"
#include "widgets/panels/sources.h"
#include "widgets/ui/rect.h"

namespace moescope::panels {

class Experts {
 public:
  /// The eyes change what is asked of the model (Selection::asking), not the run.
  void draw_ui(const ui::Rect& area, const Seen& seen, Selection& selection);
  /// Holding X turns the pointed expert off, letting go turns it on again; `[` and `]` pin the one before and after.
  void take_keys(const Seen& seen, Selection& selection);

  /// "off", "dead" (no work; over a single image: "unused"), "full" (as much as its capacity holds) or "".
  static std::string word(const ExpertLoad& load, int64_t expert, bool off, bool of_image = false);
  /// Height at which the rows of up to 16 experts have room, in pixels; more scroll.
  static float preferred_height(const Seen& seen, const Selection& selection);
  /// Upper end of the bars: 2.2 fair shares, or the next round number above the largest load.
  static double bar_top(const ExpertLoad& load);

 private:
  void draw_row(const ui::Rect& row, const ExpertLoad& load, int64_t expert, bool off, bool of_image,
                Selection& selection);
};

}  // namespace moescope::panels
