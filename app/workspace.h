// The one screen: which panels there are, where they stand, and how what they say travels between them.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/workspace_look.h"
#include "widgets/panels/banner.h"
#include "widgets/panels/curves.h"
#include "widgets/panels/experts.h"
#include "widgets/panels/gallery.h"
#include "widgets/panels/history.h"
#include "widgets/panels/knobs.h"
#include "widgets/panels/leave_sheet.h"
#include "widgets/panels/patch_detail.h"
#include "widgets/panels/routing_picture.h"
#include "widgets/panels/selection.h"
#include "widgets/panels/sources.h"
#include "widgets/panels/study.h"
#include "widgets/panels/transport.h"
#include "widgets/panels/what_if_panel.h"
#include "widgets/ui/keys.h"

namespace moescope {

/// Sizes of the columns and rows in design units; the gutters between panels drag them.
struct Layout {
  float gallery = 218, right = 480, curves = 212;
  float curves_share = 0.46f;  // of the bottom row, the curves' part
  float knobs = 0;             // height of the knobs; 0: what their rows need
};

class Workspace {
 public:
  /// Draws one frame into the current ImGui context and adds the commands that the person gave.
  void draw_ui(const ui::Rect& screen, const panels::Seen& seen, const panels::GallerySource& gallery,
               const panels::StoreStatus& store, std::vector<Command>& out);

  /// What the panels asked of the explorer since the last call.
  std::optional<LookRequest> take_look_request() { return std::exchange(look_request_, std::nullopt); }
  bool take_stop_looking() { return look_asker_.take_stop(); }
  panels::ReportAsks take_report_asks() { return std::exchange(report_asks_, {}); }

  panels::History& history() { return history_; }
  panels::Banner& banner() { return banner_; }
  panels::Study& study() { return study_; }
  const panels::Selection& selection() const { return selection_; }
  /// True when something on screen follows what was found in this frame (hover): draw once more.
  bool needs_another_frame() const { return selection_.moved() || help_open_ != help_was_open_; }
  /// The window was asked to close while the run trains: opens the sheet that asks what becomes of the run.
  void ask_to_leave() { leaving_ = true; }
  /// What the person decided on that sheet; `undecided` while it is open or was never opened.
  panels::Leave leave() const { return leave_; }

  Reroute reroute;                 // LiveRun's, for what a slider shows at once; none: answers are waited for
  bool dark = true;                // D or the half moon switches it
  bool safe_colors = false;        // O switches it
  bool screenshot_wanted = false;  // P; the window clears it

 private:
  void settle(const panels::Seen& seen, const panels::GallerySource& gallery, std::vector<Command>& out);
  void take_keys(const panels::Seen& seen, const panels::GallerySource& gallery, std::vector<Command>& out);
  void draw_wide(ui::Rect area, const panels::Seen& seen, const panels::GallerySource& gallery,
                 std::vector<Command>& out);
  void draw_narrow(ui::Rect area, const panels::Seen& seen, const panels::GallerySource& gallery,
                   std::vector<Command>& out);
  void draw_middle(ui::Rect area, const panels::Seen& seen, const panels::GallerySource& gallery,
                   std::vector<Command>& out);
  void draw_controls(const ui::Rect& area, const panels::Seen& seen, std::vector<Command>& out);
  void ask_explorer(const panels::Seen& seen);
  std::vector<ui::KeyHint> key_hints(const panels::Seen& seen) const;

  Layout layout_;
  panels::Selection selection_;
  panels::History history_;
  panels::Gallery gallery_;
  panels::RoutingPicture routing_;
  panels::PatchDetail patch_;
  panels::Experts experts_;
  panels::Knobs knobs_;
  panels::WhatIfPanel what_if_;
  panels::Curves curves_;
  panels::Study study_;
  panels::Transport transport_;
  LookAsker look_asker_;
  QuickRoute quick_route_;
  std::optional<LookRequest> look_request_;
  panels::ReportAsks report_asks_;
  int controls_tab_ = 0;      // knobs of training, or of the look
  bool study_large_ = false;  // M
  bool verdicts_asked_ = false;
  size_t own_images_ = 0;  // that the gallery had in the last frame
  panels::Banner banner_;
  int narrow_tab_ = 0;
  bool help_open_ = false, help_was_open_ = false;
  bool leaving_ = false;  // the sheet is open
  panels::Leave leave_ = panels::Leave::undecided;
};

}  // namespace moescope
