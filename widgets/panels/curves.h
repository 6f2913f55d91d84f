// How the run goes: its loss and accuracy, how balanced the layer on view is, and the health of all layers.
#pragma once

#include "widgets/panels/history.h"
#include "widgets/panels/selection.h"
#include "widgets/panels/sources.h"
#include "widgets/ui/rect.h"

namespace moescope::panels {

class Curves {
 public:
  /// Pages: loss and accuracy of the run; balance of the layer on view; how every layer is.
  void draw_ui(const ui::Rect& area, const Seen& seen, const History& history, Selection& selection);

 private:
  int page_ = 0;
};

}  // namespace moescope::panels
