// Around the list: filter, groups, columns, what to do with the chosen runs, keys.
#include <algorithm>

#include "compute/records/words.h"
#include "widgets/panels/control_tips.h"
#include "widgets/panels/run_columns_text.h"
#include "widgets/panels/run_table_panel.h"
#include "widgets/ui/format.h"
#include "widgets/ui/sheet.h"
#include "widgets/ui/tooltip.h"

namespace moescope::panels {
namespace {

using ui::Face;
using ui::px;
using ui::Rect;

bool no_text_box() { return !ImGui::GetIO().WantTextInput; }

}  // namespace

void RunTablePanel::open_prompt(RunEdit::What what, std::string title, std::string text, std::vector<int64_t> runs) {
  prompt_ = Prompt{what, std::move(title), std::move(text), std::move(runs)};
}

void RunTablePanel::keep_filter(const std::string& filter) {
  const bool known = std::find(kept_filters_.begin(), kept_filters_.end(), filter) != kept_filters_.end();
  if (!filter.empty() && !known) kept_filters_.push_back(filter);
}

/// One line: each asks again at a click; the cross of the one that is asked now forgets it.
void RunTablePanel::draw_kept_filters(Rect& inside) {
  if (kept_filters_.empty()) return;
  Rect line = inside.cut_top(px(24));
  inside.cut_top(px(6));
  tip_of("runs.queries", line);
  for (size_t i = 0; i < kept_filters_.size(); ++i) {
    const std::string& filter = kept_filters_[i];
    const bool on = question_.filter == filter;
    const std::string text = ui::fit_text(Face::small, filter, px(220));
    const float width = ui::text_width(Face::small, text) + px(16), cross = on ? px(22) : 0;
    if (width + cross > line.w) break;
    ImGui::PushID(static_cast<int>(i));
    if (ui::button("ask", line.cut_left(width), text, on ? ui::ButtonKind::primary : ui::ButtonKind::plain))
      question_.filter = filter_text_ = filter;
    const bool forget = on && ui::button("forget", line.cut_left(cross), "×", ui::ButtonKind::quiet);
    ImGui::PopID();
    line.cut_left(px(4));
    if (forget) return static_cast<void>(kept_filters_.erase(kept_filters_.begin() + static_cast<std::ptrdiff_t>(i)));
  }
}

void RunTablePanel::draw_prompt(const Rect& line, RunTableActs& acts) {
  Rect rest = line;
  const float end = ui::text_in(rest, Face::small, ui::theme().warn, prompt_->title);
  rest.cut_left(end - rest.x + px(10));
  if (std::exchange(prompt_->just_opened, false)) ImGui::SetKeyboardFocusHere();
  const ui::TextBoxResult result = ui::text_box("##prompt", rest, prompt_->text, "Enter keeps it, Esc does not");
  const bool empty_name = prompt_->what == RunEdit::What::rename && prompt_->text.empty();
  if (result.entered && !empty_name) {
    if (!prompt_->text.empty()) acts.edits.push_back({prompt_->what, prompt_->runs, prompt_->text});
    prompt_.reset();
  } else if (result.left) {
    prompt_.reset();
  }
}

void RunTablePanel::draw_controls(Rect& inside, const RunTable* table, RunTableActs& acts) {
  Rect line = inside.cut_top(px(28));
  inside.cut_top(px(6));
  if (prompt_) return draw_prompt(line, acts);
  const Rect columns = line.cut_right(px(78));
  line.cut_right(px(6));
  if (ui::button("columns", columns, "Columns")) columns_open_ = true;
  tip_of("runs.columns", columns);
  static const std::string kShelves[] = {"runs", "all", "trash"};
  const Rect shelf = line.cut_right(px(150));
  line.cut_right(px(6));
  const int clicked = ui::segmented("shelf", shelf, kShelves, question_.trash ? 2 : question_.archived ? 1 : 0);
  if (clicked >= 0) question_.trash = clicked == 2, question_.archived = clicked == 1;
  tip_of("runs.shelf", shelf);
  const bool bad = table && !table->refusal.empty() && table->question == question_;
  const Rect group = line.cut_right(std::min(px(130), line.w * 0.38f));
  line.cut_right(px(6));
  const ui::TextBoxResult grouped = ui::text_box("##group", group, group_text_, "group by router.k");
  if (grouped.entered || (grouped.changed && group_text_.empty())) question_.group = group_text_, closed_.clear();
  tip_of("runs.group", group);
  const bool keepable = !question_.filter.empty() && question_.filter == filter_text_ && !bad &&
                        std::find(kept_filters_.begin(), kept_filters_.end(), filter_text_) == kept_filters_.end();
  if (keepable) {
    const Rect keep = line.cut_right(px(48));
    line.cut_right(px(6));
    tip_of("runs.save_query", keep);
    if (ui::button("keep", keep, "Keep")) keep_filter(filter_text_);
  }
  if (std::exchange(focus_filter_, false)) ImGui::SetKeyboardFocusHere();
  const ui::TextBoxResult filter = ui::text_box("##filter", line, filter_text_, "name, tag:paper, router.k >= 2");
  // Words take effect as they are typed; a condition that is half written would only be refused.
  if (filter.entered || (filter.changed && !is_condition(filter_text_))) question_.filter = filter_text_;
  if (bad) {
    ui::frame(line, ui::theme().bad, px(5));
    ui::tip(line, {"It cannot be asked", table->refusal});
  } else {
    tip_of("runs.filter", line);
  }
  draw_kept_filters(inside);
}

void RunTablePanel::draw_foot(const Rect& area, const RunTable* table, RunTableActs& acts) {
  Rect line = area;
  line.cut_top(px(8));
  const std::vector<int64_t> ids = chosen_ids();
  const bool any = !ids.empty();
  const auto button = [&](const char* id, float width, const char* word, bool enabled) {
    const Rect cell = line.cut_left(px(width));
    line.cut_left(px(6));
    tip_of(std::string("runs.") + id, cell);
    return ui::button(id, cell, word, ui::ButtonKind::plain, enabled);
  };
  using What = RunEdit::What;
  if (question_.trash) {
    if (button("restore", 74, "Restore", any)) acts.edits.push_back({What::restore, ids, {}});
    const bool full = table && table->num_rows > 0;
    if (button("empty", 110, "Empty trash", full)) acts.edits.push_back({What::empty_trash, {}, {}});
  } else {
    if (button("star", 50, "Star", any)) acts.edits.push_back({What::star, ids, {}});
    if (button("tag", 46, "Tag", any)) open_prompt(What::tag, "tag " + counted(std::ssize(ids), "run"), "", ids);
    if (button("archive", 68, "Archive", any)) acts.edits.push_back({What::archive, ids, {}});
    if (button("trash", 54, "Trash", any)) {
      acts.edits.push_back({What::trash, ids, {}});
      chosen_.clear();
    }
    if (button("replay", 64, "Replay", any)) acts.replays = ids;
    if (button("report", 64, "Report", ids.size() >= 2)) acts.report = true;
  }
  if (button("clear", 58, "Clear", any)) chosen_.clear();
  const Rect fresh = line.cut_right(std::min(line.w, px(50)));
  if (!question_.trash && fresh.w >= px(44)) {
    if (ui::button("new", fresh, "New", ui::ButtonKind::primary)) acts.new_runs = true;
    tip_of("runs.new", fresh);
  }
}

void RunTablePanel::take_keys(const RunTable* table, RunTableActs& acts) {
  using What = RunEdit::What;
  if (ui::ctrl_typed('z') && no_text_box()) acts.edits.push_back({What::undo, {}, {}});
  if (ui::typed('/') > 0) focus_filter_ = true;
  if (ui::typed('+') > 0) acts.new_runs = true;
  // In order: "x k x" in one frame chooses two runs.
  for (const char c : ui::typed_text()) {
    if (table && table->num_rows > 0 && (c == 'j' || c == 'k')) {
      current_row_ = std::clamp<int64_t>(current_row_ + (c == 'k' ? 1 : -1), 0, table->num_rows - 1);
      scroll_to_current_ = true;
      pointed_row_ = -1;  // the hand is on the keys now
    }
    if (const RunTableRow* here = c == 'x' ? target(table) : nullptr) choose({here->summary.run_id, -1});
  }
  const RunTableRow* row = target(table);
  if (!row) return;
  const RunSummary& run = row->summary;
  const std::vector<int64_t> one = {run.run_id};
  const std::string name = "run " + std::to_string(run.run_id);
  if (ui::typed('y') % 2 == 1) acts.edits.push_back({run.starred ? What::unstar : What::star, one, {}});
  if (ui::typed('r') > 0) open_prompt(What::rename, "rename " + name, run.name, one);
  if (ui::typed('n') > 0) open_prompt(What::note, "note on " + name, "", one);
  if (ui::typed('g') > 0) open_prompt(What::tag, "tag " + name, "", one);
  if (ui::typed('a') % 2 == 1) acts.edits.push_back({run.archived ? What::unarchive : What::archive, one, {}});
  if (ui::pressed(ui::Key::del) && no_text_box())
    acts.edits.push_back({run.trashed ? What::restore : What::trash, one, {}});
}

std::vector<ui::KeyHint> RunTablePanel::key_hints(const RunTable* table) const {
  const RunTableRow* row = target(table);
  const bool is = row != nullptr;
  return {{"J  K", "run", table && table->num_rows > 0},
          {"X", "compare", is},
          {"Y", "star", is},
          {"R", "rename", is},
          {"N", "note", is},
          {"G", "tag", is},
          {"A", row && row->summary.archived ? "unarchive" : "archive", is},
          {"Del", row && row->summary.trashed ? "restore" : "trash", is},
          {"Ctrl+Z", "undo", true},
          {"/", "filter", true},
          {"+", "new runs", true}};
}

void RunTablePanel::draw_columns_sheet(const Rect& screen, const RunTable* table) {
  if (!columns_open_) return;
  const ui::Theme& t = ui::theme();
  const ui::Sheet sheet("columns of runs", screen, 560, 520);
  Rect inside = sheet.inside();
  ui::text_in(inside.cut_top(px(30)), Face::title, t.text, "Columns of the run table");
  Rect box = inside.cut_top(px(28));
  const ui::TextBoxResult typed = ui::text_box("##column", box, column_text_, "find a column, a setting, a metric");
  inside.cut_top(px(10));
  Rect left = inside.cut_left(inside.w / 2 - px(8)), right = inside;
  right.cut_left(px(16));
  ui::text_in(left.cut_top(px(22)), Face::small, t.dim, "shown; a click removes");
  for (size_t i = 0; i < question_.columns.size() && left.h > px(24); ++i) {
    const Rect row = left.cut_top(px(24));
    ImGui::PushID(static_cast<int>(i));
    const ui::Hit hit = ui::hit("shown", row);
    ImGui::PopID();
    ui::text_in(row, Face::body, hit.hovered ? t.bad : t.text, ui::fit_text(Face::body, question_.columns[i], row.w));
    if (hit.clicked) {
      question_.columns.erase(question_.columns.begin() + static_cast<std::ptrdiff_t>(i));
      break;
    }
  }
  ui::text_in(right.cut_top(px(22)), Face::small, t.dim, "there are; a click adds, first");
  std::string first_found;
  for (size_t i = 0; table && i < table->known_columns.size() && right.h > px(24); ++i) {
    const std::string& name = table->known_columns[i];
    const bool shown = std::find(question_.columns.begin(), question_.columns.end(), name) != question_.columns.end();
    if (shown || name.find(column_text_) == std::string::npos) continue;
    if (first_found.empty()) first_found = name;
    const Rect row = right.cut_top(px(24));
    ImGui::PushID(static_cast<int>(1000 + i));
    const ui::Hit hit = ui::hit("known", row);
    ImGui::PopID();
    ui::text_in(row, Face::body, hit.hovered ? t.accent : t.dim, ui::fit_text(Face::body, name, row.w));
    if (hit.clicked) question_.columns.insert(question_.columns.begin(), name);
  }
  if (typed.entered && !first_found.empty()) question_.columns.insert(question_.columns.begin(), first_found);
  if (sheet.dismissed()) columns_open_ = false;
}

}  // namespace moescope::panels
