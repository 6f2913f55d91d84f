// F4: agents of deep reinforcement learning, at play while they learn: the game, what each action is worth, which
// expert looks after which place, the replay buffer, the curves.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "widgets/panels/agent_list.h"
#include "widgets/panels/agent_tabs.h"
#include "widgets/panels/experts.h"
#include "widgets/panels/game_panel.h"
#include "widgets/panels/in_place.h"
#include "widgets/panels/soft_picture.h"
#include "widgets/panels/sparse_picture.h"
#include "window/agents_door.h"
#include "window/workspace_page.h"

namespace moescope {

class AgentsPage : public WorkspacePage {
 public:
  std::string_view title() const override { return "Agents"; }
  ui::Key key() const override { return ui::Key::f4; }
  void update(const PageInput& input, bool shown, std::vector<Command>& out) override;
  void draw_ui(const ui::Rect& area, const PageInput& input, std::vector<Command>& out) override;
  std::vector<ui::KeyHint> key_hints(const PageInput& input) const override;
  bool needs_another_frame() const override { return selection_.moved(); }
  void visit_layout(const LayoutVisitor& visit) override {
    visit("agents.list", layout_.list);
    visit("agents.right", layout_.right);
    visit("agents.lower", layout_.lower);
    visit("agents.values", layout_.values);
  }
  void reset_layout() override { layout_ = {}; }

  /// Takes what the stage has to give; true when something came.
  bool take_news();
  std::vector<std::string> take_notices() { return std::exchange(notices_, {}); }
  const AgentView* view() const { return view_.get(); }
  const ReplayView* replay() const { return replay_.get(); }
  const AgentLines* lines() const { return lines_.get(); }
  const AgentTrainingState& training() const { return training_; }
  panels::AgentForm& form() { return form_; }

  AgentsDoor* door = nullptr;  // null: no store behind the window

 private:
  struct Layout {
    float list = 280, right = 640, lower = 250, values = 300;
  };

  void ask(AgentAsk wish) { door->ask(std::move(wish)); }
  void take_keys();
  void take_hand_keys();
  void use_navigation(bool on);
  void apply(const panels::GameWishes& wishes);
  void apply(const panels::TabWishes& wishes);
  void ask_experts_off();
  void train();
  void prepare_records();
  void draw_left(ui::Rect area);
  void draw_right(ui::Rect area, const panels::Seen& seen);
  void draw_routing(const ui::Rect& area, const panels::Seen& seen);

  Layout layout_;
  panels::AgentForm form_;
  panels::GamePanel game_;
  panels::AgentTabs tabs_;
  panels::Experts experts_;
  panels::SoftPicture soft_;
  panels::SparsePicture sparse_;
  panels::InPlace in_place_;
  panels::Selection selection_;
  panels::History history_;
  int routing_tab_ = 0, held_ = -1;
  bool navigation_taken_ = false;

  std::shared_ptr<const AgentView> view_;
  std::shared_ptr<const ReplayView> replay_;
  std::shared_ptr<const AgentLines> lines_;
  AgentTrainingState training_;
  Snapshot records_;  // the view as the panels about routing know it
  std::vector<uint8_t> asked_off_;
  int64_t agent_ = 0;  // AgentView::agent of the one on view
  double replay_asked_at_ = -1e9, now_secs_ = 0;
  std::vector<std::string> notices_;
};

}  // namespace moescope
