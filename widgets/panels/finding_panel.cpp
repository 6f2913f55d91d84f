// Two pages: the criterion line by line, and all tables one below the other.
#include "widgets/panels/finding_panel.h"

#include <algorithm>
#include <string>
#include <vector>

#include "widgets/panels/recipe_list.h"
#include "widgets/panels/states.h"
#include "widgets/ui/format.h"
#include "widgets/ui/panel.h"
#include "widgets/ui/tooltip.h"

namespace moescope::panels {
namespace {

using ui::Face;
using ui::px;
using ui::Rect;

constexpr float kRow = 24, kGap = 18, kFound = 190, kVerdict = 110;

void draw_checks(const Rect& inside, std::span<const Check> checks) {
  const ui::Theme& t = ui::theme();
  const ui::ScrollArea scroll("checks", inside, px(kRow) * static_cast<float>(checks.size()));
  Rect rest = scroll.content();
  for (const Check& check : checks) {
    Rect line = rest.cut_top(px(kRow));
    const ImU32 color = verdict_color(check.verdict);
    ui::text_in(line.cut_right(px(kVerdict)), Face::small, color,
                check.verdict == Verdict::reproduced       ? "holds"
                : check.verdict == Verdict::not_reproduced ? "fails"
                                                           : "not settled");
    line.cut_right(px(12));
    const Rect found = line.cut_right(std::min(px(kFound), line.w * 0.4f));
    ui::text_in(found, Face::mono, t.text, ui::fit_text(Face::mono, check.found, found.w), ui::Align::right);
    ui::canvas().AddCircleFilled({line.x + px(5), line.center_y()}, px(4), color, 16);
    line.cut_left(px(16));
    line.cut_right(px(8));
    ui::text_in(line, Face::body, t.text, ui::fit_text(Face::body, check.text, line.w));
    ui::tip(line, {check.text, "Found " + check.found + ": the mean over seeds with its 95 % interval."});
  }
}

std::string cell_text(const Cell& cell) {
  struct Words {
    std::string operator()(std::monostate) const { return "–"; }
    std::string operator()(int64_t value) const { return ui::grouped(value); }
    std::string operator()(double value) const { return ui::compact(value); }
    std::string operator()(const std::string& value) const { return value; }
  };
  return std::visit(Words{}, cell);
}

/// Of each column, what its widest text needs; squeezed alike when all together are wider than there is room.
std::vector<float> column_widths(const CellTable& table, float room) {
  std::vector<float> widths;
  for (const std::string& column : table.columns) widths.push_back(ui::text_width(Face::small, column));
  for (const std::vector<Cell>& row : table.rows)
    for (size_t c = 0; c < row.size(); ++c)
      widths[c] = std::max(widths[c], ui::text_width(Face::mono, cell_text(row[c])));
  float all = 0;
  for (float& width : widths) all += width += px(kGap);
  if (all > room)
    for (float& width : widths) width *= room / all;
  return widths;
}

bool is_text(const CellTable& table, size_t column) {
  return std::any_of(table.rows.begin(), table.rows.end(),
                     [&](const auto& row) { return std::holds_alternative<std::string>(row[column]); });
}

void draw_table(Rect& rest, const NamedTable& named) {
  const ui::Theme& t = ui::theme();
  const std::vector<float> widths = column_widths(named.table, rest.w);
  std::vector<ui::Align> aligns;
  for (size_t c = 0; c < widths.size(); ++c)
    aligns.push_back(is_text(named.table, c) ? ui::Align::left : ui::Align::right);
  ui::text_in(rest.cut_top(px(kRow)), Face::title, t.text, named.title);
  const auto draw_row = [&](const auto& text_of, Face face, ImU32 color) {
    Rect line = rest.cut_top(px(kRow));
    for (size_t c = 0; c < widths.size(); ++c) {
      Rect cell = line.cut_left(widths[c]);
      cell.cut_right(px(kGap));
      ui::text_in(cell, face, color, ui::fit_text(face, text_of(c), cell.w), aligns[c]);
    }
  };
  draw_row([&](size_t c) { return named.table.columns[c]; }, Face::small, t.dim);
  ui::hline(rest.x, rest.right(), rest.y, t.line);
  for (const std::vector<Cell>& row : named.table.rows)
    draw_row([&](size_t c) { return cell_text(row[c]); }, Face::mono, t.text);
  rest.cut_top(px(kRow / 2));
}

void draw_tables(const Rect& inside, std::span<const NamedTable> tables) {
  float rows = 0;
  for (const NamedTable& named : tables) rows += 2.5f + static_cast<float>(named.table.rows.size());
  const ui::ScrollArea scroll("tables", inside, px(kRow) * rows);
  Rect rest = scroll.content();
  for (const NamedTable& named : tables) draw_table(rest, named);
}

std::string summary(std::span<const Check> checks) {
  const auto held = std::count_if(checks.begin(), checks.end(),
                                  [](const Check& check) { return check.verdict == Verdict::reproduced; });
  return std::to_string(held) + " of " + std::to_string(checks.size()) + " hold";
}

}  // namespace

void FindingPanel::draw_ui(const Rect& area, std::span<const Check> checks, std::span<const NamedTable> tables) {
  static constexpr std::string_view kTabs[] = {"Criterion", "Numbers"};
  ImGui::PushID("finding");
  const Rect inside = ui::tab_panel(area, kTabs, tab_, checks.empty() ? std::string() : summary(checks));
  if (tab_ == 0 && checks.empty())
    draw_state(inside, Mood::empty, "Nothing judged yet",
               "Each inequality of the criterion stands here once runs are there.");
  else if (tab_ == 0)
    draw_checks(inside, checks);
  else if (tables.empty())
    draw_state(inside, Mood::empty, "No numbers yet", "They come with the first runs.");
  else
    draw_tables(inside, tables);
  ImGui::PopID();
}

}  // namespace moescope::panels
