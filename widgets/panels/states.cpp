// What a panel shows when it has no data.
#include "widgets/panels/states.h"

#include <array>
#include <cmath>

#include "widgets/ui/draw.h"

namespace moescope::panels {
namespace {

using ui::Face;
using ui::px;
using ui::Rect;

/// A little image of 5 x 5 patches: empty ones are outlines, loading ones fill up, a failed one is broken, a diverged
/// one flies apart.
void draw_patches(const Rect& box, Mood mood) {
  const ui::Theme& t = ui::theme();
  const float cell = box.w / 5;
  const float gap = px(3);
  for (int row = 0; row < 5; ++row)
    for (int column = 0; column < 5; ++column) {
      const int i = row * 5 + column;
      Rect patch{box.x + static_cast<float>(column) * cell, box.y + static_cast<float>(row) * cell, cell - gap,
                 cell - gap};
      switch (mood) {
        case Mood::empty: ui::frame(patch, t.line, px(2)); break;
        case Mood::loading: ui::fill(patch, i < 12 ? ui::fade(ui::expert_color(i % 5), 0.55f) : t.raised, px(2)); break;
        case Mood::failed:
          if (row == column || row == column + 1) break;
          ui::fill(patch, ui::fade(t.bad, 0.16f + 0.02f * static_cast<float>(i)), px(2));
          break;
        case Mood::diverged: {
          const float away = static_cast<float>(column) * 0.16f;
          patch.x += static_cast<float>(column) * cell * away,
              patch.y -= static_cast<float>(4 - row) * cell * away * 0.5f;
          ui::fill(patch, ui::fade(t.warn, 0.6f - 0.1f * static_cast<float>(column)), px(2));
          break;
        }
      }
    }
}

}  // namespace

void draw_state(const Rect& area, Mood mood, std::string_view title, std::string_view text) {
  const ui::Theme& t = ui::theme();
  const float side = std::min({px(84), area.w * 0.5f, area.h * 0.4f}), width = std::min(area.w - px(24), px(420));
  const bool with_picture = side >= px(36) && side + px(16 + 24 + 40) <= area.h;  // the words go first
  const float height = (with_picture ? side + px(16) : 0) + px(24) + px(40);
  float y = area.y + std::max(0.f, (area.h - height) / 2);
  if (with_picture) {
    draw_patches({std::round(area.x + (area.w - side) / 2), std::round(y), side, side}, mood);
    y += side + px(16);
  }
  ui::text_in({area.x, y, area.w, px(22)}, Face::title,
              mood == Mood::failed     ? t.bad
              : mood == Mood::diverged ? t.warn
                                       : t.text,
              title, ui::Align::center);
  y += px(26);
  const float text_wide = std::min(width, ui::text_width(Face::small, text) + 1);
  ui::text_block({area.x + (area.w - text_wide) / 2, y, text_wide, px(60)}, Face::small, t.dim, text);
}

}  // namespace moescope::panels
