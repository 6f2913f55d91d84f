// Below the game: the curves of the agent, how its experts are doing, the episode step by step, its replay buffer, and
// the episodes played.
#pragma once

#include <optional>

#include "compute/records/agent_view.h"
#include "widgets/panels/history.h"
#include "widgets/panels/selection.h"
#include "widgets/panels/sources.h"
#include "widgets/plots/series.h"
#include "widgets/ui/rect.h"

namespace moescope::panels {

struct TabWishes {
  std::optional<int64_t> open_episode, go_to;
  bool keep_episode = false, look_at_replay = false;
};

class AgentTabs {
 public:
  TabWishes draw_ui(const ui::Rect& area, const AgentView& view, const ReplayView* replay, const History& history,
                    Selection& selection);
  int tab = 0;

 private:
  void draw_health(ui::Rect inside, const AgentView& view, const History& history, Selection& selection);
  void draw_episode(const ui::Rect& inside, const AgentView& view, TabWishes& wishes);
  void draw_episodes(ui::Rect inside, const AgentView& view, TabWishes& wishes) const;

  int measure_ = 0;
  uint64_t drawn_ = 0;  // serial of the view in what follows
  plots::Series returns_, values_, errors_;
};

/// Histogram of TD errors, their mean by age and by expert, and what the buffer counts.
void draw_replay(const ui::Rect& inside, const ReplayView& replay, Selection& selection);

}  // namespace moescope::panels
