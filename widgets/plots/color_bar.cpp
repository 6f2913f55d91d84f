// The legend of a heat map.
#include "widgets/plots/color_bar.h"

#include "widgets/ui/draw.h"

namespace moescope::plots {

using ui::Face;
using ui::px;
using ui::Rect;

void draw_color_scale(const Rect& area, ui::Textures& textures) {
  const ImVec2 left{0, 0}, right{1, 0};  // the colour map runs along u
  ui::canvas().AddImageQuad(textures.color_map(), {area.x, area.bottom()}, area.min(), {area.right(), area.y},
                            area.max(), left, right, right, left, IM_COL32_WHITE);
  ui::frame(area, ui::theme().line);
}

void draw_color_bar(const Rect& area, ui::Textures& textures, const std::string& high, const std::string& low) {
  Rect names = area;
  draw_color_scale(names.cut_left(px(8)), textures);
  names.cut_left(px(5));
  ui::text_in({names.x, names.y - px(2), names.w, px(14)}, Face::mono, ui::theme().dim, high);
  ui::text_in({names.x, names.bottom() - px(13), names.w, px(14)}, Face::mono, ui::theme().dim, low);
}

}  // namespace moescope::plots
