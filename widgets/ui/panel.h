// One surface a panel: rounded, a thin line, title left, context right.
#pragma once

#include <span>
#include <string_view>

#include "widgets/ui/draw.h"

namespace moescope::ui {

inline constexpr float kInset = 14, kGutter = 12, kHeader = 40;

/// Draws surface, title and context; returns the area below the header, inset.
/// A context that does not fit gives way to the shorter one, and that to nothing.
Rect panel(const Rect& area, std::string_view title, std::string_view context = {}, std::string_view shorter = {});
/// A panel of several pages: their names stand where a title would, `chosen` in the title's face; a click changes it.
Rect tab_panel(const Rect& area, std::span<const std::string_view> names, int& chosen, std::string_view context = {},
               std::string_view shorter = {});
/// The surface alone, for panels that write their own header.
Rect panel_surface(const Rect& area);

/// A gutter that can be dragged: changes `size` (design units) by the mouse's way across it; sign -1: the other way.
void splitter(const char* id, const Rect& gutter, bool upright, float sign, float low, float high, float& size);

/// A part of a panel that scrolls up and down when its content is taller. Content is placed by `Rect`s that start at
/// the returned top, in which scrolling is already counted.
class ScrollArea {
 public:
  ScrollArea(const char* id, const Rect& area, float content_height);
  ~ScrollArea();
  ScrollArea(const ScrollArea&) = delete;
  ScrollArea& operator=(const ScrollArea&) = delete;
  /// Where the content is now; its height is the content's.
  const Rect& content() const { return content_; }
  /// The first and one past the last of `count` rows of a height that are in view.
  std::pair<int64_t, int64_t> rows_in_view(int64_t count, float row_height) const;
  /// Scrolls as little as shows the whole of a row, from the next frame on.
  void bring_into_view(int64_t row, float row_height) const;

 private:
  Rect area_, content_;
};

}  // namespace moescope::ui
