// A table of numbers as a heat map.
#include "widgets/plots/matrix.h"

#include <cmath>

#include "widgets/plots/color_bar.h"
#include "widgets/ui/controls.h"
#include "widgets/ui/expert_mark.h"

namespace moescope::plots {
namespace {

using ui::Face;
using ui::px;
using ui::Rect;

constexpr float kLine = 12;  // the least height in which a name can be read

/// As many letters as fit: names of columns are short of room, and the tool-tip says them whole.
std::string short_name(const std::string& name, float width) {
  std::string text = name;
  while (!text.empty() && ui::text_width(Face::small, text) > width) text.pop_back();
  return text;
}

void draw_name(const Rect& cell, const std::string& name, int64_t expert, bool lit, ui::Align align) {
  const ui::Theme& t = ui::theme();
  Rect rest = cell;
  if (expert >= 0) {
    const Rect swatch = align == ui::Align::right ? rest.cut_right(px(13)) : rest.cut_left(std::min(px(13), rest.w));
    if (swatch.h >= px(8)) ui::expert_swatch(swatch, expert);
    align == ui::Align::right ? rest.cut_right(px(4)) : rest.cut_left(px(2));
  }
  ui::text_in(rest, Face::small, lit ? t.text : t.dim, short_name(name, rest.w), align);
}

}  // namespace

MatrixHit draw_matrix(const Rect& area, ui::Textures& textures, const Matrix& m) {
  MatrixHit hit;
  if (m.rows == 0 || m.columns == 0 || area.w < px(60) || area.h < px(40)) return hit;
  float names = px(20);
  for (int64_t row = 0; row < m.rows; ++row)
    names = std::max(names, ui::text_width(Face::small, m.row_name(row)) + px(m.row_expert ? 24 : 8));
  const std::string title = m.row_title + " ↓ " + m.column_title + " →";
  if (!m.row_title.empty()) names = std::max(names, ui::text_width(Face::small, title) + px(8));
  names = std::min(names, area.w * 0.35f);
  Rect rest = area;
  const bool with_bar = !m.high_name.empty() && area.w > px(260);
  Rect bar = with_bar ? rest.cut_right(px(60)) : Rect{};
  Rect head = rest.cut_top(px(18));
  Rect left = rest.cut_left(names);
  head.cut_left(names);
  if (!m.row_title.empty() || !m.column_title.empty())
    ui::text_in({area.x, area.y, names - px(4), px(18)}, Face::small, ui::theme().faint,
                ui::fitting(Face::small, names - px(4), {title, ""}));
  const float cell_w = std::min(rest.w / static_cast<float>(m.columns), px(64));
  const float cell_h = std::min(rest.h / static_cast<float>(m.rows), px(44));
  const Rect grid{rest.x, rest.y, std::floor(cell_w * static_cast<float>(m.columns)),
                  std::floor(cell_h * static_cast<float>(m.rows))};
  const ImTextureID texture = textures.heat_map(m.key, m.version, {m.columns, m.rows, m.values, m.low, m.high});
  ui::canvas().AddImage(texture, grid.min(), grid.max());
  if (with_bar) draw_color_bar({grid.right() + px(8), grid.y, bar.w, grid.h}, textures, m.high_name, m.low_name);
  if (ui::hovering(grid)) {
    const ImVec2 mouse = ImGui::GetIO().MousePos;
    hit.row = std::min(m.rows - 1, static_cast<int64_t>((mouse.y - grid.y) / cell_h));
    hit.column = std::min(m.columns - 1, static_cast<int64_t>((mouse.x - grid.x) / cell_w));
    hit.clicked = ImGui::IsMouseClicked(0);
  }
  // Rows lower than a line of text: every second or third has its name, and the one that is pointed at in any case.
  const auto stride = static_cast<int64_t>(std::ceil(px(kLine) / std::max(1.f, cell_h)));
  const int64_t pointed = hit.row >= 0 ? hit.row : m.lit_row;
  for (int64_t row = 0; row < m.rows; ++row) {
    const bool near_pointed = pointed >= 0 && row != pointed && std::abs(row - pointed) < stride;
    if (row != pointed && (row % stride != 0 || near_pointed)) continue;
    const float middle = grid.y + (static_cast<float>(row) + 0.5f) * cell_h, height = std::max(cell_h, px(kLine));
    draw_name({left.x, middle - height / 2, left.w - px(6), height}, m.row_name(row),
              m.row_expert ? m.row_expert(row) : -1, row == hit.row || row == m.lit_row, ui::Align::right);
  }
  for (int64_t column = 0; column < m.columns; ++column)
    draw_name({grid.x + static_cast<float>(column) * cell_w + 1, head.y, cell_w - px(2), head.h}, m.column_name(column),
              m.column_expert && cell_w < px(14) ? -1
              : m.column_expert                  ? m.column_expert(column)
                                                 : -1,
              column == hit.column || column == m.lit_column, ui::Align::left);
  auto outline = [&](int64_t row, int64_t column, ImU32 color) {
    const float x = column < 0 ? grid.x : grid.x + static_cast<float>(column) * cell_w;
    const float y = row < 0 ? grid.y : grid.y + static_cast<float>(row) * cell_h;
    ui::frame({x, y, column < 0 ? grid.w : cell_w, row < 0 ? grid.h : cell_h}, color, 0, px(1.5f));
  };
  if (m.lit_row >= 0 && m.lit_row < m.rows) outline(m.lit_row, -1, ui::fade(ui::theme().text, 0.7f));
  if (m.lit_column >= 0 && m.lit_column < m.columns) outline(-1, m.lit_column, ui::fade(ui::theme().text, 0.7f));
  if (hit.row >= 0) outline(hit.row, hit.column, IM_COL32_WHITE);
  return hit;
}

}  // namespace moescope::plots
