// F3: stored runs side by side: the table of runs, the curves and costs of the chosen ones, what differs between them,
// and where two of them send the patches of one image.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "figure/palette.h"
#include "widgets/panels/differences.h"
#include "widgets/panels/pair_picture.h"
#include "widgets/panels/pair_routing.h"
#include "widgets/panels/run_table_panel.h"
#include "widgets/plots/scene_view.h"
#include "window/compare_experiments.h"
#include "window/session_door.h"
#include "window/workspace_page.h"

namespace moescope {

/// What the upper right panel shows.
enum class CompareView { curves, compute, images, settings };

class ComparePage : public WorkspacePage {
 public:
  std::string_view title() const override { return "Compare"; }
  ui::Key key() const override { return ui::Key::f3; }
  void update(const PageInput& input, bool shown, std::vector<Command>& out) override;
  void draw_ui(const ui::Rect& area, const PageInput& input, std::vector<Command>& out) override;
  std::vector<ui::KeyHint> key_hints(const PageInput& input) const override;
  bool needs_another_frame() const override;
  void visit_layout(const LayoutVisitor& visit) override {
    visit("compare.table", layout_.table);
    visit("compare.lower", layout_.lower);
    visit("compare.differences_share", layout_.differences_share);
  }
  void reset_layout() override { layout_ = {}; }

  /// Takes what the door has to give; true when something came.
  bool take_news();
  std::vector<SessionNotice> take_notices() { return std::exchange(notices_, {}); }

  panels::RunTablePanel& table() { return table_panel_; }
  const panels::RunTablePanel& table() const { return table_panel_; }
  /// Stored runs whose name has these letters, once the store has answered.
  std::span<const RunSummary> found_runs(const std::string& typed);
  ExperimentSheet& experiments() { return experiments_; }
  const std::vector<SessionJob>& jobs() const { return jobs_; }
  const RunTable* shown_table() const { return table_.get(); }
  const RunComparison* comparison() const { return comparison_.get(); }
  const PairLook* pair() const { return pair_.get(); }
  const panels::PairSelection& pair_selection() const { return pair_selection_; }
  void open(CompareView view) { view_ = static_cast<int>(view); }
  /// True when the figure of the view is there as it was asked for last.
  bool has_figure(CompareView view) const;
  /// What it shows, empty before the first answer.
  std::vector<std::string> runs_of_figure(CompareView view) const;
  void zoom_curves(double first, double last) { curve_view_.show(first, last); }
  /// The checkpoints to look through, until other runs are chosen; -1: as at first.
  void look_through(int64_t step_a, int64_t step_b) { step_a_ = step_a, step_b_ = step_b; }

  SessionDoor* door = nullptr;  // null: no store behind the window
  figure::ColorMap colors;

 private:
  struct Layout {
    float table = 620, lower = 300, differences_share = 0.52f;
  };

  void take_keys(const PageInput& input);
  void ask(const PageInput& input);
  void ask_figures();
  void ask_pair(const PageInput& input);
  void act(const panels::RunTableActs& acts);
  void show_runs(const SessionJob& job);
  void save_shown_figure();
  std::vector<RunMoment> runs_on_curves() const;
  std::optional<FigureSpec> spec_of(CompareView view) const;
  void draw_view(const ui::Rect& area, const PageInput& input);
  void draw_figure(const ui::Rect& area, CompareView view, const PageInput& input);
  void choose_metric(const std::string& key, bool besides);
  plots::SceneView& scene_view(CompareView view);
  void draw_metric_choice(ui::Rect& inside);
  void draw_axis_choice(ui::Rect& inside);
  void draw_moments(ui::Rect& inside);
  std::vector<RunMoment> pair_moments() const;

  Layout layout_;
  panels::RunTablePanel table_panel_;
  ExperimentSheet experiments_;
  panels::Differences differences_;
  panels::PairPicture pair_picture_;
  panels::PairRouting pair_routing_;
  panels::PairSelection pair_selection_;
  plots::SceneView curve_view_, cost_view_, settings_view_;
  plots::Crosshair crosshair_;
  int view_ = 0;
  bool table_large_ = false;  // M
  std::string metric_ = "train/loss", cost_axis_ = "gflops", curve_axis_ = "step";
  bool log_x_ = false, log_y_ = false;
  int64_t step_a_ = -1, step_b_ = -1;  // of the checkpoints looked through; -1: the last, of one run alone A its first
  int64_t image_index_ = 0;
  size_t own_images_ = 0;
  std::optional<WatchedImage> own_image_;  // dropped by the person; none: a test image

  // what was asked, so that it is asked once
  std::optional<RunTableQuestion> asked_table_;
  int64_t asked_first_ = -1, asked_rows_ = -1;
  std::vector<RunMoment> asked_runs_;
  std::map<int64_t, std::string> asked_figures_;  // by place, the spec as JSON
  std::optional<PairRequest> asked_pair_;
  bool resting_ = true;

  std::shared_ptr<const RunTable> table_;
  std::shared_ptr<const RunComparison> comparison_;
  std::map<int64_t, std::shared_ptr<const FigureAnswer>> figures_;
  std::shared_ptr<const PairLook> pair_;
  std::shared_ptr<const FoundRuns> found_;
  std::string asked_name_;
  std::vector<SessionJob> jobs_;
  std::vector<SessionNotice> notices_;
};

}  // namespace moescope
