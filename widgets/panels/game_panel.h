// The game that an agent plays: its frame, over it the expert of each place, and below it what moves it.
#pragma once

#include <optional>

#include "compute/records/agent_view.h"
#include "widgets/panels/selection.h"
#include "widgets/panels/sources.h"
#include "widgets/panels/zoom.h"
#include "widgets/ui/rect.h"

namespace moescope::panels {

/// What the person did to the game in this frame.
struct GameWishes {
  std::optional<bool> play, by_hand;
  int64_t step_by = 0;
  std::optional<int64_t> go_to;
  std::optional<double> speed;  // steps a second; 0: as fast as it goes
  bool begin_episode = false;
};

class GamePanel {
 public:
  GameWishes draw_ui(const ui::Rect& area, const Seen& seen, const AgentView& view, Selection& selection);

  bool show_experts = true;
  double speed = 15;

 private:
  void draw_frame(const ui::Rect& area, const Seen& seen, const AgentView& view, Selection& selection) const;
  void draw_transport(ui::Rect area, const AgentView& view, GameWishes& wishes);
  void draw_switches(ui::Rect line, const AgentView& view, GameWishes& wishes);
  void draw_pace(ui::Rect line, GameWishes& wishes);
  double scrub_ = 0;
};

/// The view's frame as the key of a texture sees it.
uint64_t frame_key(const AgentView& view);
/// "episode 3, step 120, return 4".
std::string where_in_game(const AgentView& view);

}  // namespace moescope::panels
