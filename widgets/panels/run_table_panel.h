// The table of stored runs: a virtual list over rows that somebody else reads. Sort by a click, filter, group, choose
// runs for comparison, star, name, tag, file away.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "compute/records/run_comparison.h"
#include "compute/records/run_table.h"
#include "widgets/ui/controls.h"
#include "widgets/ui/keys.h"

namespace moescope::panels {

/// What the person wants done, in a frame.
struct RunTableActs {
  std::vector<RunEdit> edits;
  std::vector<int64_t> replays;
  bool report = false;    // of the chosen runs
  bool new_runs = false;  // a sweep or twins are wanted
};

class RunTablePanel {
 public:
  /// `table`: the newest answer, null before one came. colors: of the chosen runs, in their order, as curves show them.
  void draw_ui(const ui::Rect& area, const RunTable* table, const std::vector<int64_t>& colors, RunTableActs& acts);
  /// J K move, X chooses, Y stars, R renames, N notes, G tags, A archives, Del to the trash, Ctrl+Z undoes, / filters.
  void take_keys(const RunTable* table, RunTableActs& acts);
  std::vector<ui::KeyHint> key_hints(const RunTable* table) const;

  /// What is to be asked: grows apart from the table's question when the person changes it.
  const RunTableQuestion& question() const { return question_; }
  RunTableQuestion& question() { return question_; }
  /// The rows that the panel wants to have, with some more on both sides.
  int64_t first_row() const { return first_row_; }
  int64_t num_rows() const { return num_rows_; }

  /// Runs to compare, in the order in which they were chosen.
  const std::vector<RunMoment>& chosen() const { return chosen_; }
  void choose(RunMoment run);  // or no longer
  void choose_only(std::vector<RunMoment> runs) { chosen_ = std::move(runs); }
  int64_t pointed() const { return pointed_; }  // the run under the mouse, 0: none
  /// Where J and K stand; null when that row is not read.
  const RunTableRow* current(const RunTable* table) const { return table ? row_at(*table, current_row_) : nullptr; }
  /// Filters that a person kept, in the order in which they were kept.
  const std::vector<std::string>& kept_filters() const { return kept_filters_; }
  void keep_filter(const std::string& filter);
  bool columns_open() const { return columns_open_; }
  /// The sheet in which columns are chosen, over everything. After draw_ui, outside its window.
  void draw_columns_sheet(const ui::Rect& screen, const RunTable* table);

 private:
  struct LinePlace {  // of one line on screen: a group's heading, or a row
    int64_t group = -1, row = -1;
  };
  struct Prompt {  // a text that is asked for
    RunEdit::What what = RunEdit::What::rename;
    std::string title, text;
    std::vector<int64_t> runs;
    bool just_opened = true;
  };

  void draw_controls(ui::Rect& inside, const RunTable* table, RunTableActs& acts);
  void draw_kept_filters(ui::Rect& inside);
  void draw_prompt(const ui::Rect& line, RunTableActs& acts);
  void draw_heading(const ui::Rect& line, const RunTable* table);
  void draw_list(const ui::Rect& area, const RunTable& table, const std::vector<int64_t>& colors, RunTableActs& acts);
  void draw_group(const ui::Rect& line, const RunTable& table, int64_t group);
  void draw_row(const ui::Rect& line, const RunTable& table, int64_t row, const std::vector<int64_t>& colors,
                RunTableActs& acts);
  void draw_cells(ui::Rect line, const RunTableRow& row);
  void draw_foot(const ui::Rect& line, const RunTable* table, RunTableActs& acts);
  void sort_by(const std::string& column);
  void want_rows(const RunTable& table, int64_t first, int64_t last);
  void lay_out(const RunTable& table);
  LinePlace place_of(int64_t line) const;
  int64_t line_of_row(int64_t row) const;
  const RunTableRow* row_at(const RunTable& table, int64_t row) const;
  const RunTableRow* target(const RunTable* table) const;  // of a key: under the mouse, else where J and K stand
  void open_prompt(RunEdit::What what, std::string title, std::string text, std::vector<int64_t> runs);
  std::vector<int64_t> chosen_ids() const;

  RunTableQuestion question_;
  std::string filter_text_, group_text_, column_text_;
  std::vector<std::string> kept_filters_;
  int64_t first_row_ = 0, num_rows_ = 200;
  int64_t current_row_ = 0, pointed_row_ = -1, pointed_ = 0;
  bool scroll_to_current_ = false, focus_filter_ = false, columns_open_ = false;
  std::set<std::string> closed_;        // groups that show their heading only
  std::vector<int64_t> group_lines_;    // first line of each group, and one past the last
  const RunTable* laid_out_ = nullptr;  // what group_lines_ is of
  double laid_out_answer_ = -1;         // its answer_ms: tells one answer from another
  size_t laid_out_closed_ = 0;
  std::vector<RunMoment> chosen_;
  std::optional<Prompt> prompt_;
};

}  // namespace moescope::panels
