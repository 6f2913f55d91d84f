// The slider of time: the run from its first step to its end, with a tick for each stored checkpoint. Dragged back, it
// chooses what the picture, the routing and the studies look through; training goes on meanwhile.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "widgets/panels/history.h"
#include "widgets/panels/sources.h"
#include "widgets/ui/rect.h"

namespace moescope::panels {

/// A stored step that was chosen, and the step that was asked for.
struct StoredStep {
  CheckpointInfo checkpoint;
  int64_t asked = 0;
  bool is_exact() const { return asked == checkpoint.step; }
};

/// The checkpoint nearest to a step, the later of two; null when none is stored.
const CheckpointInfo* nearest_checkpoint(std::span<const CheckpointInfo> checkpoints, int64_t step);

class TimeSlider {
 public:
  /// Draws the track into the area.
  void draw_ui(const ui::Rect& area, const Seen& seen, const History& history);
  /// `<` and `>`: the stored step before and after; after the last comes the run in training.
  void take_keys(const Seen& seen);
  /// Chooses the checkpoint nearest to a step; the run in training when that is nearer.
  void go_to(const Seen& seen, int64_t step);
  void go_live();

  /// What is chosen; nothing: the run in training.
  const std::optional<StoredStep>& chosen() const { return chosen_; }
  /// Once after each choice: the checkpoint to look through, -1 for the run in training.
  std::optional<int64_t> take_choice() { return std::exchange(choice_, std::nullopt); }

 private:
  void choose(const CheckpointInfo& checkpoint, int64_t asked);
  void drag_to(const Seen& seen, int64_t step);

  std::optional<StoredStep> chosen_;
  std::optional<int64_t> choice_;
};

/// "step 512 is not stored, the nearest is 400 (rolling)", or "step 400, stored as epoch 2".
std::string where_text(const StoredStep& stored);

}  // namespace moescope::panels
