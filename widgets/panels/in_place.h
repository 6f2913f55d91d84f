// Two pictures of one image in one place: one for the other while a key is held, or side by side along a line that can
// be dragged.
#pragma once

#include <functional>

#include "widgets/panels/zoom.h"

namespace moescope::panels {

struct InPlace {
  bool blinking = false;    // B held: the other side in the place of this one
  bool show_split = false;  // Q: the other side left of the line
  float line = 0.5f;        // where it stands, as a share of the picture's width

  /// Draws `own`, `other`, or both with the line between them.
  void draw(const Picture& picture, const std::function<void()>& own, const std::function<void()>& other);
  /// True when what is drawn at this place of the screen is the other side.
  bool is_other(const Picture& picture, float x) const;
};

}  // namespace moescope::panels
