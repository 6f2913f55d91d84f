// F1: the run in training on one image; which panels there are, where they stand, and how what they say travels between
// them.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "compute/records/view_link.h"
#include "widgets/panels/curves.h"
#include "widgets/panels/experts.h"
#include "widgets/panels/gallery.h"
#include "widgets/panels/knob_undo.h"
#include "widgets/panels/knobs.h"
#include "widgets/panels/patch_detail.h"
#include "widgets/panels/routing_picture.h"
#include "widgets/panels/selection.h"
#include "widgets/panels/study.h"
#include "widgets/panels/what_if_panel.h"
#include "window/explore_look.h"
#include "window/workspace_page.h"

namespace moescope {

/// Sizes of the columns and rows in design units; the gutters between panels drag them.
struct ExploreLayout {
  float gallery = 218, right = 480, curves = 212;
  float curves_share = 0.46f;  // of the bottom row, the curves' part
  float knobs = 0;             // height of the knobs; 0: what their rows need
};

class ExplorePage : public WorkspacePage {
 public:
  std::string_view title() const override { return "Explore"; }
  ui::Key key() const override { return ui::Key::f1; }
  void update(const PageInput& input, bool shown, std::vector<Command>& out) override;
  void draw_ui(const ui::Rect& area, const PageInput& input, std::vector<Command>& out) override;
  std::vector<ui::KeyHint> key_hints(const PageInput& input) const override;
  bool needs_another_frame() const override { return selection_.moved(); }

  /// What the panels asked of the explorer since the last call.
  std::optional<LookRequest> take_look_request() { return std::exchange(look_request_, std::nullopt); }
  bool take_stop_looking() { return look_asker_.take_stop(); }
  void cancel_report(int64_t id) { report_asks_.cancelled.push_back(id); }
  panels::ReportAsks take_report_asks() { return std::exchange(report_asks_, {}); }

  /// What the run applied, for taking it back.
  void applied(const std::vector<CommandApplied>& commands) { knob_undo_.applied(commands); }
  /// Another run took the place of the one on view.
  void forget_run() { knob_undo_ = {}; }
  /// Where the person is, without run and step.
  void describe(ViewLink& link) const;
  /// Goes there as soon as run and images are; what does not exist there is told, when aloud, in take_trouble().
  void follow(const ViewLink& link, bool aloud = true) { wanted_ = link, aloud_ = aloud; }
  std::vector<std::string> take_trouble() { return std::exchange(trouble_, {}); }
  void visit_layout(const LayoutVisitor& visit) override;
  void reset_layout() override { layout_ = {}; }

  panels::Study& study() { return study_; }
  const panels::Selection& selection() const { return selection_; }

  Reroute reroute;  // LiveRun's, for what a slider shows at once; none: answers are waited for

 private:
  void settle(const PageInput& input, std::vector<Command>& out);
  void go(const PageInput& input, const ViewLink& link, std::vector<Command>& out);
  void take_keys(const PageInput& input, std::vector<Command>& out);
  void draw_wide(ui::Rect area, const PageInput& input, std::vector<Command>& out);
  void draw_narrow(ui::Rect area, const PageInput& input, std::vector<Command>& out);
  void draw_middle(ui::Rect area, const PageInput& input, std::vector<Command>& out);
  void draw_controls(const ui::Rect& area, const panels::Seen& seen, std::vector<Command>& out);
  void ask_explorer(const panels::Seen& seen, bool stored);

  const panels::Seen* run_ = nullptr;  // of this frame: the run in training, whatever step is looked through
  ExploreLayout layout_;
  panels::Selection selection_;
  panels::Gallery gallery_;
  panels::RoutingPicture routing_;
  panels::PatchDetail patch_;
  panels::Experts experts_;
  panels::Knobs knobs_;
  panels::KnobUndo knob_undo_;
  panels::WhatIfPanel what_if_;
  panels::Curves curves_;
  panels::Study study_;
  LookAsker look_asker_;
  QuickRoute quick_route_;
  std::optional<LookRequest> look_request_;
  std::optional<ViewLink> wanted_;  // until it can be gone to
  bool aloud_ = true;               // say what of it does not exist
  std::vector<std::string> trouble_;
  panels::ReportAsks report_asks_;
  int controls_tab_ = 0;      // knobs of training, or of the look
  bool study_large_ = false;  // M
  bool verdicts_asked_ = false;
  int64_t first_patch_ = 0;  // the token that patch 0 is
  size_t own_images_ = 0;    // that the gallery had in the last frame
  int narrow_tab_ = 0;
};

}  // namespace moescope
