// The frame of the window: pages and their tabs, the bar at the top, the status bar, the banner, the sheets.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "widgets/panels/banner.h"
#include "widgets/panels/leave_sheet.h"
#include "widgets/panels/palette.h"
#include "widgets/panels/transport.h"
#include "window/agents_page.h"
#include "window/compare_page.h"
#include "window/explore_page.h"
#include "window/figures_page.h"
#include "window/findings_page.h"
#include "window/workspace_time.h"

namespace moescope {

class Workspace {
 public:
  Workspace() = default;
  Workspace(const Workspace&) = delete;  // pages_ points into it
  Workspace& operator=(const Workspace&) = delete;

  /// Draws one frame into the current ImGui context and adds the commands that the person gave.
  void draw_ui(const ui::Rect& screen, const panels::Seen& seen, const panels::GallerySource& gallery,
               const panels::StoreStatus& store, std::vector<Command>& out);

  ExplorePage& explore() { return explore_; }
  const ExplorePage& explore() const { return explore_; }
  ComparePage& compare() { return compare_; }
  FiguresPage& figures() { return figures_; }
  FindingsPage& findings() { return findings_; }
  AgentsPage& agents() { return agents_; }
  /// What the store and the findings have to say, to the pages about them; true when something came.
  bool take_session_news();
  /// The same from the agents at play, who have some thirty times a second.
  bool take_agent_news() { return agents_.take_news(); }
  panels::History& history() { return history_; }
  panels::Banner& banner() { return banner_; }
  const panels::TimeSlider& time() const { return transport_.time(); }
  const panels::Palette& palette() const { return palette_; }
  /// What the run reported and applied since the last frame.
  void add(const std::vector<Metric>& metrics, const std::vector<CommandApplied>& applied);
  /// Another run took the place of the one on view: what was drawn of that is forgotten.
  void forget_run();
  /// The checkpoint to look through from now on (-1: the run in training) and the step at which to branch, each once.
  std::optional<int64_t> take_checkpoint_choice() { return transport_.time().take_choice(); }
  std::optional<int64_t> take_branch() { return transport_.take_branch(); }
  /// Files whose paths were on the clipboard when Ctrl+V was pressed, once.
  std::vector<std::string> take_pasted() { return std::exchange(pasted_, {}); }
  const WorkspacePage& page() const { return *pages_[shown_]; }
  /// Opens the page that the key stands for; nothing when there is none.
  void open(ui::Key key);
  void open(const WorkspacePage& page);

  /// What is on view as a link.
  ViewLink link(const panels::Seen& seen) const;
  /// Goes there, page and all, once the images are there, and to the stored step nearest to its step; the run is not
  /// changed. Not aloud: the step stays too, and what does not exist is not told.
  void follow(const ViewLink& link, bool aloud = true);
  /// Theme, page, sizes and selection as a text, and back. What the text does not say, or this version does not know,
  /// stays as it is.
  std::string view_text(const panels::Seen& seen) const;
  void restore_view(const std::string& text);

  /// True when something on screen follows what was found in this frame (hover): draw once more.
  bool needs_another_frame() const {
    return page().needs_another_frame() || shown_ != shown_before_ || help_open_ != help_was_open_ ||
           palette_.is_open() != palette_was_open_ || palette_.needs_another_frame() || chosen_press_;
  }
  /// What closing the window would end.
  panels::AtWork at_work(const panels::Seen& seen) const;
  /// The window was asked to close while something is at work: opens the sheet that asks what becomes of it.
  void ask_to_leave() { leaving_ = true; }
  /// What the person decided on that sheet; `undecided` while it is open or was never opened.
  panels::Leave leave() const { return leave_; }

  bool dark = true;                // D or the half moon switches it
  bool safe_colors = false;        // O switches it
  bool screenshot_wanted = false;  // P; the window clears it

 private:
  void take_keys(const panels::Seen& seen, std::vector<Command>& out);
  void draw_top(ui::Rect bar, const panels::Seen& seen, std::vector<Command>& out);
  std::vector<ui::KeyHint> key_hints(const PageInput& input) const;
  void draw_palette(const ui::Rect& screen, const PageInput& input);
  void copy_link(const panels::Seen& seen);
  void paste();
  void visit_layout(const LayoutVisitor& visit) const;

  ExplorePage explore_;
  ComparePage compare_;
  AgentsPage agents_;
  FiguresPage figures_;
  FindingsPage findings_;
  // One entry a tab, in the order of their keys.
  std::array<WorkspacePage*, 5> pages_ = {&explore_, &compare_, &agents_, &figures_, &findings_};
  size_t shown_ = 0, shown_before_ = 0;
  panels::History history_;
  panels::Transport transport_;
  std::vector<std::string> pasted_;
  int64_t wanted_step_ = -1;  // of a link, until the stored steps are known
  TimeTravel time_travel_;
  panels::Banner banner_;
  panels::Palette palette_;
  std::optional<ui::Press> chosen_press_;  // in the palette: pressed when it has closed
  bool help_open_ = false, help_was_open_ = false, palette_was_open_ = false;
  bool leaving_ = false;  // the sheet is open
  panels::Leave leave_ = panels::Leave::undecided;
};

}  // namespace moescope
