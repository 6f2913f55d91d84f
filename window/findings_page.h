// F6: the papers' claims, each with its verdict here: what was run, the figure, each inequality, the numbers.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "figure/palette.h"
#include "widgets/panels/finding_panel.h"
#include "widgets/plots/scene_view.h"
#include "window/findings_door.h"
#include "window/session_door.h"
#include "window/workspace_page.h"

namespace moescope {

class FindingsPage : public WorkspacePage {
 public:
  std::string_view title() const override { return "Findings"; }
  ui::Key key() const override { return ui::Key::f6; }
  void update(const PageInput& input, bool shown, std::vector<Command>& out) override;
  void draw_ui(const ui::Rect& area, const PageInput& input, std::vector<Command>& out) override;
  std::vector<ui::KeyHint> key_hints(const PageInput& input) const override;
  void visit_layout(const LayoutVisitor& visit) override {
    visit("findings.list", layout_.list);
    visit("findings.lower", layout_.lower);
  }
  void reset_layout() override { layout_ = {}; }

  /// Takes what the reader has to give; true when something came.
  bool take_news();
  std::vector<std::string> take_notices() { return std::exchange(notices_, {}); }
  const Findings* findings() const { return findings_.get(); }
  /// Of those in view; null: none.
  const FindingLook* chosen() const;
  /// The fit under the hand (recipe norm-function); null: nothing was dragged yet.
  const NormPicture* refitted() const { return refit_.get(); }
  /// Where the figure of the chosen claim was drawn last, in pixels of the window; nothing: none is on view.
  const ui::Rect& figure_area() const { return figure_area_; }

  FindingsDoor* door = nullptr;                   // null: no store behind the window
  SessionDoor* sessions = nullptr;                // what starts recipes; null: only the command line does
  const std::vector<SessionJob>* jobs = nullptr;  // all that are under way, recipes or not
  figure::ColorMap colors;

 private:
  struct Layout {
    float list = 380, lower = 260;
  };

  void take_keys(const PageInput& input);
  void choose(int64_t index);
  void draw_list(const ui::Rect& area);
  void draw_claim(const ui::Rect& area, const FindingLook& look, ui::Textures& textures);
  void draw_figure(const ui::Rect& area, const FindingLook& look, ui::Textures& textures);
  void draw_start(ui::Rect line, const FindingLook& look);
  void start(const FindingLook& look);
  void draw_refit(ui::Rect area, ui::Textures& textures);
  void refit(const NormAsk& ask);

  Layout layout_;
  bool follow_ = false;  // the chosen one is to come into view
  int64_t chosen_ = 0;
  NormAsk norm_;
  std::shared_ptr<const NormPicture> refit_;
  plots::SceneView refit_view_;
  size_t budget_ = 0;  // of the chosen recipe's
  double seeds_ = 0;   // asked for; 0: the budget's
  panels::FindingPanel finding_panel_;
  plots::SceneView figure_view_;
  ui::Rect figure_area_;
  bool figure_large_ = false;  // M
  std::shared_ptr<const Findings> findings_;
  std::vector<std::string> notices_;
};

}  // namespace moescope
