// The legend of a heat map: its colours upright with the numbers of both ends.
#pragma once

#include <string>

#include "widgets/ui/rect.h"
#include "widgets/ui/textures.h"

namespace moescope::plots {

/// Fills the area with the colour map, high values on top.
void draw_color_scale(const ui::Rect& area, ui::Textures& textures);

/// The bar 8 wide at the area's left, and beside it the values of its ends: "≥50 %" over "0 %".
void draw_color_bar(const ui::Rect& area, ui::Textures& textures, const std::string& high, const std::string& low);

}  // namespace moescope::plots
