// Sparse routing over the image: what each patch wanted, what was executed and why not; below, the gates of each
// expert.
#pragma once

#include "widgets/panels/image_view.h"
#include "widgets/panels/in_place.h"
#include "widgets/panels/map_strip.h"
#include "widgets/panels/selection.h"

namespace moescope::panels {

class SparsePicture {
 public:
  /// Draws image, wanted and executed side by side with captions, and the strip of gate maps. Reports patch and expert
  /// under the mouse to the selection; a click pins them. Returns the area that was used.
  /// `in_place` compares what was executed with its other side.
  ui::Rect draw_ui(const ui::Rect& area, const Seen& seen, const ImageView& view, const RoutingMap& map,
                   InPlace& in_place, Selection& selection);

  bool show_wanted = true;    // W
  bool show_numbers = false;  // L: the expert's number in each patch that has room for it
  int64_t choice = -1;  // which choice is shown, from 0; -1: the first one that was executed, the second as a corner

 private:
  void draw_map(const Picture& picture, const Seen& seen, const ImageView& view, const RoutingMap& map, bool wanted,
                const Selection& selection) const;
  /// What "executed" is compared with in place: the model as it is while something is asked, else what was wanted.
  struct OtherSide {
    const ImageView* view;
    const RoutingMap* map;
    bool wanted;
    const char* name;
  };
  static OtherSide other_side(const Seen& seen, const ImageView& view, const RoutingMap& map,
                              const Selection& selection);
  void draw_executed_picture(const Picture& picture, const Seen& seen, const ImageView& view, const RoutingMap& map,
                             InPlace& in_place, const Selection& selection) const;
  void draw_head(ui::Rect head, const RoutingMap& map);
  float draw_gates(const ui::Rect& area, const Seen& seen, const ImageView& view, const RoutingMap& map,
                   Selection& selection);
  std::string caption(const RoutingMap& map, bool wanted) const;

  MapStrip strip_;
};

/// How opaque a gate value is drawn: linear, and never quite invisible, so that a patch's expert can always be read.
float gate_opacity(float gate);

/// The mark of a choice that was not executed: a stroke when the expert was full, a cross when it was off.
void draw_drop_mark(const ui::Rect& rect, DropReason reason, ImU32 color);

}  // namespace moescope::panels
