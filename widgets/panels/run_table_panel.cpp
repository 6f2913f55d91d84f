// The list itself: lines, rows, groups.
#include "widgets/panels/run_table_panel.h"

#include <algorithm>
#include <cmath>

#include "compute/records/words.h"
#include "widgets/panels/run_columns_text.h"
#include "widgets/panels/states.h"
#include "widgets/plots/scene_painter.h"
#include "widgets/ui/format.h"
#include "widgets/ui/panel.h"
#include "widgets/ui/tooltip.h"

namespace moescope::panels {
namespace {

using ui::Face;
using ui::px;
using ui::Rect;

constexpr float kRow = 26, kChoose = 24, kStar = 22, kRun = 58, kState = 82, kLeastName = 110;
constexpr int64_t kMargin = 120;  // rows that are asked for beyond those in view

void draw_star(const Rect& cell, ImU32 color, bool filled) {
  const ImVec2 c{cell.x + cell.w / 2, cell.center_y()};
  ImVec2 tips[10];
  for (int i = 0; i < 10; ++i) {
    const float angle = -1.5707963f + 0.62831853f * static_cast<float>(i), r = px(i % 2 == 0 ? 6.f : 2.6f);
    tips[i] = {c.x + r * std::cos(angle), c.y + r * std::sin(angle)};
  }
  if (!filled) return static_cast<void>(ui::canvas().AddPolyline(tips, 10, color, ImDrawFlags_Closed, px(1)));
  for (int i = 0; i < 5; ++i) ui::canvas().AddTriangleFilled(c, tips[2 * i], tips[(2 * i + 3) % 10], color);
  for (int i = 0; i < 10; ++i) ui::canvas().AddTriangleFilled(c, tips[i], tips[(i + 1) % 10], color);
}

/// The columns that have room after the fixed ones, and the width that is left for the name.
std::pair<size_t, float> columns_in(float width, const std::vector<std::string>& columns) {
  float left = width - px(kChoose + kStar + kRun + kState);
  size_t count = 0;
  for (; count < columns.size(); ++count) {
    const float next = px(column_width(columns[count]));
    if (left - next < px(kLeastName)) break;
    left -= next;
  }
  return {count, left};
}

}  // namespace

void RunTablePanel::choose(RunMoment run) {
  const auto same = [&](const RunMoment& other) { return other.run_id == run.run_id; };
  if (std::erase_if(chosen_, same) == 0) chosen_.push_back(run);
}

std::vector<int64_t> RunTablePanel::chosen_ids() const {
  std::vector<int64_t> ids;
  for (const RunMoment& run : chosen_) ids.push_back(run.run_id);
  return ids;
}

void RunTablePanel::sort_by(const std::string& column) {
  question_.descending = question_.order == column ? !question_.descending : true;
  question_.order = column;
}

// ---- lines: without groups line i is row i

void RunTablePanel::lay_out(const RunTable& table) {
  const bool same = laid_out_ == &table && laid_out_answer_ == table.answer_ms && laid_out_closed_ == closed_.size();
  if (same) return;
  laid_out_ = &table, laid_out_answer_ = table.answer_ms, laid_out_closed_ = closed_.size();
  group_lines_.clear();
  int64_t line = 0;
  for (const RunTableGroup& group : table.groups) {
    group_lines_.push_back(line);
    line += 1 + (closed_.contains(group.by) ? 0 : group.num_rows);
  }
  if (!table.groups.empty()) group_lines_.push_back(line);
}

RunTablePanel::LinePlace RunTablePanel::place_of(int64_t line) const {
  if (group_lines_.empty()) return {-1, line};
  const auto next = std::upper_bound(group_lines_.begin(), group_lines_.end(), line);
  const int64_t group = next - group_lines_.begin() - 1;
  const int64_t inside = line - group_lines_[static_cast<size_t>(group)];
  return {group, inside == 0 ? -1 : laid_out_->groups[static_cast<size_t>(group)].first_row + inside - 1};
}

int64_t RunTablePanel::line_of_row(int64_t row) const {
  if (group_lines_.empty()) return row;
  const auto& groups = laid_out_->groups;
  const auto after = std::upper_bound(groups.begin(), groups.end(), row,
                                      [](int64_t r, const RunTableGroup& group) { return r < group.first_row; });
  const auto group = static_cast<size_t>(after - groups.begin()) - 1;
  return group_lines_[group] + (closed_.contains(groups[group].by) ? 0 : 1 + row - groups[group].first_row);
}

const RunTableRow* RunTablePanel::row_at(const RunTable& table, int64_t row) const {
  const int64_t i = row - table.first_row;
  return i >= 0 && i < static_cast<int64_t>(table.rows.size()) ? &table.rows[static_cast<size_t>(i)] : nullptr;
}

const RunTableRow* RunTablePanel::target(const RunTable* table) const {
  return table ? row_at(*table, pointed_row_ >= 0 ? pointed_row_ : current_row_) : nullptr;
}

/// Asks for other rows only when those in view are not all there: the answer to a question moves nothing.
void RunTablePanel::want_rows(const RunTable& table, int64_t first, int64_t last) {
  const int64_t have = table.first_row + static_cast<int64_t>(table.rows.size());
  if (first >= table.first_row && (last <= have || have >= table.num_rows)) return;
  if (first >= first_row_ && last <= first_row_ + num_rows_) return;  // asked already
  first_row_ = std::max<int64_t>(0, first - kMargin);
  num_rows_ = last - first_row_ + kMargin;
}

// ---- drawing

void RunTablePanel::draw_heading(const Rect& line, const RunTable* table) {
  const ui::Theme& t = ui::theme();
  Rect rest = line;
  const auto heading = [&](float width, const std::string& column, const std::string& text, ui::Align align) {
    const Rect cell = rest.cut_left(width);
    ImGui::PushID(column.c_str());
    const ui::Hit hit = ui::hit("sort", cell);
    ImGui::PopID();
    if (hit.clicked) sort_by(column);
    const bool sorted = question_.order == column;
    const std::string arrow = sorted ? (question_.descending ? " ↓" : " ↑") : "";
    const Rect words = align == ui::Align::right ? Rect{cell.x, cell.y, cell.w - px(10), cell.h} : cell;
    ui::text_in(words, Face::small,
                sorted        ? t.text
                : hit.hovered ? t.accent
                              : t.dim,
                ui::fit_text(Face::small, text + arrow, words.w), align);
    ui::tip(cell, {column, "A click sorts by it, another one the other way round. Runs without a value come last."});
  };
  const auto [count, name] = columns_in(line.w, question_.columns);
  rest.cut_left(px(kChoose));
  heading(px(kStar), "starred", "", ui::Align::left);
  heading(px(kRun), "run_id", "run", ui::Align::right);
  heading(name, "name", "name", ui::Align::left);
  heading(px(kState), "state", "state", ui::Align::left);
  const RunTableRow* sample = table && !table->rows.empty() ? &table->rows.front() : nullptr;
  for (size_t i = 0; i < count; ++i) {
    const std::string& column = question_.columns[i];
    const bool number = !sample || i >= sample->cells.size() || is_number_column(column, sample->cells[i]);
    heading(px(column_width(column)), column, column_heading(column), number ? ui::Align::right : ui::Align::left);
  }
}

void RunTablePanel::draw_group(const Rect& line, const RunTable& table, int64_t index) {
  const ui::Theme& t = ui::theme();
  const RunTableGroup& group = table.groups[static_cast<size_t>(index)];
  const bool open = !closed_.contains(group.by);
  ImGui::PushID(static_cast<int>(index));
  const ui::Hit hit = ui::hit("group", line);
  ImGui::PopID();
  if (hit.clicked) {
    if (open)
      closed_.insert(group.by);
    else
      closed_.erase(group.by);
  }
  ui::fill(line.inset(0, px(1)), hit.hovered ? ui::mix(t.raised, t.text, 0.05f) : t.raised, px(4));
  Rect rest = line.inset(px(8), 0);
  ui::text_in(rest.cut_left(px(18)), Face::small, t.dim, open ? "−" : "+");
  std::string mean = counted(group.num_rows, "run");
  if (group.num_values > 0) mean += "   " + table.question.group_value + " " + ui::fixed(group.mean, 4);
  if (group.num_values > 1) mean += "  (" + ui::fixed(group.low, 4) + " to " + ui::fixed(group.high, 4) + ")";
  const Rect right = rest.cut_right(std::min(rest.w * 0.7f, ui::text_width(Face::mono, mean) + 1));
  ui::text_in(right, Face::mono, t.dim, ui::fit_text(Face::mono, mean, right.w), ui::Align::right);
  const std::string name = table.question.group + " = " + (group.by.empty() ? "–" : group.by);
  ui::text_in(rest, Face::title, t.text, ui::fit_text(Face::title, name, rest.w - px(8)));
  ui::tip(line, {name, "Mean over its runs, with the 95 % bootstrap interval. A click shows or hides them.",
                 group.best_run > 0 ? "best: run " + std::to_string(group.best_run) : std::string()});
}

void RunTablePanel::draw_cells(Rect line, const RunTableRow& row) {
  const ui::Theme& t = ui::theme();
  const auto [count, name_width] = columns_in(line.w, question_.columns);
  line.cut_left(px(kChoose + kStar));
  Rect cell = line.cut_left(px(kRun));
  ui::text_in({cell.x, cell.y, cell.w - px(10), cell.h}, Face::mono, t.dim, std::to_string(row.summary.run_id),
              ui::Align::right);
  cell = line.cut_left(name_width);
  std::string tags = row.summary.tags;
  std::replace(tags.begin(), tags.end(), ',', ' ');
  const float tags_width = tags.empty() ? 0 : std::min(ui::text_width(Face::small, tags), name_width * 0.45f) + px(14);
  const Rect tag_cell = cell.cut_right(tags_width);
  const std::string& name = row.summary.name;
  ui::text_in(cell, Face::body, row.summary.archived || row.summary.trashed ? t.dim : t.text,
              ui::fit_text(Face::body, name, cell.w - px(6)));
  if (tags_width > 0)
    ui::text_in({tag_cell.x, tag_cell.y, tag_cell.w - px(8), tag_cell.h}, Face::small, t.accent,
                ui::fit_text(Face::small, tags, tag_cell.w - px(8)), ui::Align::right);
  const StateWord state = state_of(row.summary);
  cell = line.cut_left(px(kState));
  ui::text_in(cell, Face::small, state.color, state.word);
  if (!row.summary.message.empty()) ui::tip(cell, {state.word, row.summary.message});
  for (size_t i = 0; i < count && i < row.cells.size(); ++i) {
    const std::string& column = question_.columns[i];
    cell = line.cut_left(px(column_width(column)));
    const std::string text = cell_text(column, row.cells[i], row.summary);
    const bool number = is_number_column(column, row.cells[i]);
    const Rect words{cell.x, cell.y, cell.w - px(10), cell.h};
    ui::text_in(words, number ? Face::mono : Face::small,
                text == "NaN" ? t.warn
                : number      ? t.text
                              : t.dim,
                ui::fit_text(number ? Face::mono : Face::small, text, words.w),
                number ? ui::Align::right : ui::Align::left);
  }
}

void RunTablePanel::draw_row(const Rect& line, const RunTable& table, int64_t number,
                             const std::vector<int64_t>& colors, RunTableActs& acts) {
  const ui::Theme& t = ui::theme();
  const RunTableRow* row = row_at(table, number);
  if (!row)
    return ui::text_in({line.x + px(kChoose + kStar), line.y, line.w, line.h}, Face::small, t.faint, "…"), void();
  const int64_t run_id = row->summary.run_id;
  Rect rest = line;
  Rect choose_cell = rest.cut_left(px(kChoose));
  const Rect star_cell = rest.cut_left(px(kStar));
  ImGui::PushID(static_cast<int>(number));
  const ui::Hit chosen_hit = ui::hit("choose", choose_cell), star_hit = ui::hit("star", star_cell),
                row_hit = ui::hit("row", rest);
  ImGui::PopID();
  const bool hovered = chosen_hit.hovered || star_hit.hovered || row_hit.hovered;
  if (hovered) pointed_row_ = number, pointed_ = run_id;
  const auto place =
      std::find_if(chosen_.begin(), chosen_.end(), [&](const RunMoment& m) { return m.run_id == run_id; });
  const bool chosen = place != chosen_.end();
  if (hovered || number == current_row_)
    ui::fill(line.inset(0, px(1)), hovered ? ui::mix(t.panel, t.text, 0.06f) : t.raised, px(4));
  if (number == current_row_) ui::fill({line.x, line.y + px(3), px(2), line.h - px(6)}, t.accent, px(1));
  const float side = px(13);
  const Rect box{choose_cell.x + px(7), std::round(line.center_y() - side / 2), side, side};
  if (chosen) {
    const auto index = static_cast<size_t>(place - chosen_.begin());
    ui::fill(box, index < colors.size() ? plots::series_color(colors[index]) : t.dim, px(3));
  } else {
    ui::frame(box, chosen_hit.hovered ? t.accent : t.faint, px(3), px(1));
  }
  if (row->summary.starred || hovered)
    draw_star(star_cell, row->summary.starred ? t.warn : t.faint, row->summary.starred);
  draw_cells(line, *row);
  if (chosen_hit.clicked || row_hit.clicked) {
    current_row_ = number;
    choose({run_id, -1});
  }
  if (star_hit.clicked)
    acts.edits.push_back({row->summary.starred ? RunEdit::What::unstar : RunEdit::What::star, {run_id}, {}});
}

void RunTablePanel::draw_list(const Rect& area, const RunTable& table, const std::vector<int64_t>& colors,
                              RunTableActs& acts) {
  lay_out(table);
  current_row_ = std::clamp<int64_t>(current_row_, 0, std::max<int64_t>(0, table.num_rows - 1));
  const int64_t lines = group_lines_.empty() ? table.num_rows : group_lines_.back();
  pointed_row_ = -1, pointed_ = 0;
  const ui::ScrollArea scroll("rows", area, px(kRow) * static_cast<float>(lines));
  if (std::exchange(scroll_to_current_, false)) scroll.bring_into_view(line_of_row(current_row_), px(kRow));
  const auto [first, last] = scroll.rows_in_view(lines, px(kRow));
  int64_t first_row = table.num_rows, last_row = 0;
  const Rect& content = scroll.content();
  for (int64_t line = first; line < last; ++line) {
    const Rect place{content.x, content.y + px(kRow) * static_cast<float>(line), content.w, px(kRow)};
    const LinePlace what = place_of(line);
    if (what.row < 0) {
      draw_group(place, table, what.group);
      continue;
    }
    first_row = std::min(first_row, what.row), last_row = std::max(last_row, what.row + 1);
    draw_row(place, table, what.row, colors, acts);
  }
  if (last_row > first_row) want_rows(table, first_row, last_row);
}

void RunTablePanel::draw_ui(const Rect& area, const RunTable* table, const std::vector<int64_t>& colors,
                            RunTableActs& acts) {
  const std::string count = table && table->refusal.empty()
                                ? ui::grouped(table->num_rows) + " " + plural(table->num_rows, "run")
                                : std::string();
  const std::string chosen = chosen_.empty() ? count : std::to_string(chosen_.size()) + " chosen of " + count;
  ImGui::PushID("run table");
  Rect inside = ui::panel(area, question_.trash ? "Trash" : "Runs", chosen, count);
  draw_controls(inside, table, acts);
  const Rect foot = inside.cut_bottom(px(34));
  draw_heading(inside.cut_top(px(24)), table);
  ui::hline(inside.x, inside.right(), inside.y, ui::theme().line);
  inside.cut_top(px(3));
  if (!table) {
    draw_state(inside, Mood::loading, "Reading the store", "");
  } else if (!table->refusal.empty() && table->question == question_) {
    draw_state(inside, Mood::empty, "Nothing to show", table->refusal);
  } else if (table->num_rows == 0 && table->question == question_) {
    const bool plain = question_.filter.empty();
    draw_state(inside, Mood::empty, question_.trash && plain ? "The trash is empty" : "No run",
               plain ? "Runs appear here as soon as they are stored." : "No run fits the filter.");
  } else {
    draw_list(inside, *table, colors, acts);
  }
  draw_foot(foot, table, acts);
  ImGui::PopID();
}

}  // namespace moescope::panels
