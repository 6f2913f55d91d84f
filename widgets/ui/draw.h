// Text and shapes placed by rectangle, on the draw list of the current ImGui window.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "widgets/ui/look.h"
#include "widgets/ui/rect.h"

namespace moescope::ui {

enum class Align { left, center, right };

ImDrawList& canvas();

float text_width(Face face, std::string_view text);
float line_height(Face face);
/// The text, or as much of it as fits with an ellipsis.
std::string fit_text(Face face, std::string_view text, float width);

/// The first of the candidates that fits the width, "" when none does: a shorter wording instead of an ellipsis.
std::string_view fitting(Face face, float width, std::initializer_list<std::string_view> candidates);

/// Text at a point (its left top). Returns the x where it ends.
float text_at(ImVec2 pos, Face face, ImU32 color, std::string_view text);
/// One line, vertically centred in the area and cut with an ellipsis when it does not fit. Returns the x where it ends.
float text_in(const Rect& area, Face face, ImU32 color, std::string_view text, Align align = Align::left);
/// Several lines, wrapped at words. Returns the height used.
float text_block(const Rect& area, Face face, ImU32 color, std::string_view text);

void fill(const Rect& area, ImU32 color, float rounding = 0);
/// The same for a large surface that covers everything below it.
void fill_surface(const Rect& area, ImU32 color, float rounding = 0);
void frame(const Rect& area, ImU32 color, float rounding = 0, float width = 1);
void hline(float x0, float x1, float y, ImU32 color);
void vline(float x, float y0, float y1, ImU32 color, float width = 1);

/// While it lives, nothing is drawn outside the area.
class Clip {
 public:
  explicit Clip(const Rect& area) { canvas().PushClipRect(area.min(), area.max(), true); }
  ~Clip() { canvas().PopClipRect(); }
  Clip(const Clip&) = delete;
  Clip& operator=(const Clip&) = delete;
};

}  // namespace moescope::ui
