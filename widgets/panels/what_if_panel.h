// The knobs of the look: what the image on view would do with other routing, or with another image. Nothing here
// touches the run.
#pragma once

#include <string>

#include "widgets/panels/selection.h"
#include "widgets/panels/sources.h"
#include "widgets/ui/rect.h"

namespace moescope::panels {

class WhatIfPanel {
 public:
  /// Draws the rows into a panel's inside; changes Selection::asking.
  void draw_ui(const ui::Rect& inside, const Seen& seen, Selection& selection);
  /// R resets what was asked; Z occludes the patch under the cursor while it is down; Shift shows the model as it is.
  static void take_keys(const Seen& seen, Selection& selection);

 private:
  void draw_rows(const ui::Rect& inside, const RunConfig& config, const Seen& seen, Selection& selection);
  void draw_router_rows(ui::Rect& rows, const Snapshot& snapshot, WhatIf& what_if);
  void draw_expert_rows(ui::Rect& rows, const RunConfig& config, const Seen& seen, Selection& selection);
  void draw_image_rows(ui::Rect& rows, Selection& selection);
  int64_t replace_by_ = 0;
  int rows_ = 12;  // drawn last time: the height of the scrolled content
};

/// Applies the brush at the mouse while the button is down over the picture. True when a brush is chosen, so that the
/// click means nothing else.
bool take_brush(const struct Picture& picture, const ImageView& view, const RoutingMap& map, Selection& selection);

}  // namespace moescope::panels
