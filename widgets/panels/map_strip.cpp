// One texture holds all maps; each is a piece of it.
#include "widgets/panels/map_strip.h"

#include <cmath>

#include "widgets/plots/color_bar.h"
#include "widgets/ui/controls.h"
#include "widgets/ui/expert_mark.h"
#include "widgets/ui/panel.h"

namespace moescope::panels {

using ui::px;
using ui::Rect;

void MapStrip::colour_all(const StripMaps& maps, int64_t columns, int64_t rows) {
  const int64_t w = maps.grid_width, h = maps.grid_height;
  values_.assign(static_cast<size_t>(rows * columns * w * h), maps.low);
  for (int64_t item = 0; item < maps.count; ++item)
    for (int64_t patch = 0; patch < w * h; ++patch) {
      const int64_t y = (item / columns) * h + patch / w, x = (item % columns) * w + patch % w;
      values_[static_cast<size_t>(y * columns * w + x)] = maps.value(item, patch);
    }
}

MapStrip::Result MapStrip::draw_ui(const Rect& area, const Seen& seen, const StripMaps& maps) {
  Result result;
  if (maps.count == 0 || area.empty()) return result;
  const bool with_bar = !maps.high_name.empty() && area.w > px(200);
  const float bar_width = with_bar ? px(52) : 0;
  const float gap = px(4), cell = px(maps.cell), line = px(3), row_height = cell + line + gap + px(2);
  const auto columns =
      std::min(maps.count, std::max<int64_t>(1, static_cast<int64_t>((area.w - bar_width + gap) / (cell + gap))));
  const int64_t rows = (maps.count + columns - 1) / columns;
  const uint64_t version = ui::texture_key({maps.version, static_cast<uint64_t>(columns)});
  if (version != version_) {
    version_ = version;
    colour_all(maps, columns, rows);
  }
  MapTexels texels = maps.texels;
  texels.pictures = maps.count, texels.across = columns, texels.fill = maps.low;
  const ImTextureID texture = seen.textures->heat_map(
      maps.key, version,
      {columns * maps.grid_width, rows * maps.grid_height, values_, maps.low, maps.high, maps.device, texels});
  result.height = std::min(area.h, static_cast<float>(rows) * row_height);
  if (with_bar)
    plots::draw_color_bar(
        {area.x + static_cast<float>(columns) * (cell + gap) + px(6), area.y + px(1), bar_width, cell}, *seen.textures,
        maps.high_name, maps.low_name);
  const ui::ScrollArea scroll("maps", {area.x, area.y, area.w - bar_width, result.height},
                              static_cast<float>(rows) * row_height);
  const auto [first_row, last_row] = scroll.rows_in_view(rows, row_height);
  for (int64_t item = first_row * columns; item < std::min(maps.count, last_row * columns); ++item) {
    const auto column = static_cast<float>(item % columns), row = static_cast<float>(item / columns);
    const Rect box{scroll.content().x + px(1) + column * (cell + gap), scroll.content().y + row * row_height + px(1),
                   cell, cell};
    const ImVec2 uv0{column / static_cast<float>(columns), row / static_cast<float>(rows)};
    const ImVec2 uv1{(column + 1) / static_cast<float>(columns), (row + 1) / static_cast<float>(rows)};
    ui::canvas().AddImage(texture, box.min(), box.max(), uv0, uv1);
    if (maps.expert(item) >= 0) ui::fill_expert({box.x, box.bottom() + px(1), box.w, line}, maps.expert(item), 1);
    if (item == maps.shown)
      ui::frame(box.inset(-px(1)), ui::theme().accent, px(3), px(2));
    else if (maps.lit && maps.lit(item))
      ui::frame(box, ui::fade(ui::theme().text, 0.8f), px(2), px(1));
    if (!ui::hovering({box.x, box.y, box.w + gap, row_height})) continue;
    result.hovered = item;
    result.clicked = ImGui::IsMouseClicked(0);
  }
  return result;
}

}  // namespace moescope::panels
