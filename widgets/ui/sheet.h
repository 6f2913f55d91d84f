// A sheet: a card over the dimmed screen that takes mouse and keyboard until it is closed.
#pragma once

#include "widgets/ui/rect.h"

namespace moescope::ui {

class Sheet {
 public:
  /// A card of so many design units in the middle of the screen, as much of it as fits.
  Sheet(const char* id, const Rect& screen, float width, float height);
  ~Sheet();
  Sheet(const Sheet&) = delete;
  Sheet& operator=(const Sheet&) = delete;
  /// The card without its margins.
  const Rect& inside() const { return inside_; }
  /// True when Esc was pressed or the mouse clicked beside the card. Call after the card's controls.
  bool dismissed() const;

 private:
  Rect screen_, card_, inside_;
};

}  // namespace moescope::ui
