// F5: figures to publish. Those that are kept, newest first; the chosen one as its files show it; a form for a new one;
// files in every format; and the proof that it can be made again.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "figure/palette.h"
#include "widgets/plots/scene_view.h"
#include "window/session_door.h"
#include "window/workspace_page.h"

namespace moescope {

class FiguresPage : public WorkspacePage {
 public:
  FiguresPage() { form_.kind = "curves"; }
  std::string_view title() const override { return "Figures"; }
  ui::Key key() const override { return ui::Key::f5; }
  void update(const PageInput& input, bool shown, std::vector<Command>& out) override;
  void draw_ui(const ui::Rect& area, const PageInput& input, std::vector<Command>& out) override;
  std::vector<ui::KeyHint> key_hints(const PageInput& input) const override;
  bool needs_another_frame() const override { return crosshair_.moved(); }
  void visit_layout(const LayoutVisitor& visit) override {
    visit("figures.list", layout_.list);
    visit("figures.form", layout_.form);
  }
  void reset_layout() override { layout_ = {}; }

  /// The runs that are chosen in the table of runs: what a new figure is of unless the person writes others.
  void set_chosen(const std::vector<RunMoment>& runs);
  /// Takes what the door has to give; true when something came.
  bool take_news();

  const FigureList* list() const { return list_.get(); }
  const FigureVerdict* verdict() const { return verdict_.get(); }
  const FigureAnswer* drawn() const { return drawn_.get(); }
  /// The kept figure on view; 0: the new one.
  int64_t chosen_figure() const { return figure_id_; }
  void choose(int64_t figure_id) { figure_id_ = figure_id; }
  /// The new one, as the form says it.
  FigureSpec draft() const;

  SessionDoor* door = nullptr;  // null: no store behind the window
  figure::ColorMap colors;

 private:
  struct Layout {
    float list = 320, form = 330;
  };
  const KeptFigure* kept() const;  // the one on view; null: the new one
  void take_keys(const PageInput& input);
  void ask();
  void start_new();
  void keep_or_write();
  void draw_list(const ui::Rect& area);
  void draw_entry(const ui::Rect& line, const KeptFigure& figure);
  void draw_picture(const ui::Rect& area, const PageInput& input);
  void draw_form(const ui::Rect& area);
  void draw_curve_fields(ui::Rect& inside);
  void draw_axis_fields(ui::Rect& inside);
  void draw_kept(const ui::Rect& area, const KeptFigure& figure);
  void draw_export(ui::Rect& inside, const KeptFigure& figure);

  Layout layout_;
  int64_t figure_id_ = 0;
  FigureSpec form_;
  std::string runs_text_, layer_text_;  // as the person writes them
  std::string chosen_text_;             // the runs of F3, as the form has taken them over
  bool focus_title_ = false;
  plots::SceneView view_;
  plots::Crosshair crosshair_;

  // what was asked, so that it is asked once
  bool resting_ = true;
  std::string asked_;  // spec as JSON
  int64_t newest_ = -1;
  bool wait_for_newest_ = false;  // a figure was kept a moment ago: it is to be shown when it is there

  std::shared_ptr<const FigureList> list_;
  std::shared_ptr<const FigureAnswer> drawn_;
  std::shared_ptr<const FigureVerdict> verdict_;
};

}  // namespace moescope
