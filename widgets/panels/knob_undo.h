// Undo and redo of knobs. Taking a change back is itself a change: it goes to the run as a command and is stored with
// its step, so that a replay does what the person did.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compute/records/command.h"
#include "compute/records/event.h"

namespace moescope::panels {

class KnobUndo {
 public:
  /// Commands that the person gave in this frame; only the knobs among these can be taken back. (Another router cannot:
  /// the one before it would come back untrained.)
  void sent(const std::vector<Command>& commands);
  /// What the run applied, in order. Changes of one knob within a second are one: a slider that was dragged.
  void applied(const std::vector<CommandApplied>& commands);

  /// The command that takes the last change back, or gives the one taken back again; nothing when there is none.
  std::optional<SetField> undo();
  std::optional<SetField> redo();
  bool can_undo() const { return !done_.empty(); }
  bool can_redo() const { return !undone_.empty(); }

 private:
  struct Change {
    std::string key, before, after;
    double wall_secs = 0;
  };
  std::vector<Change> done_, undone_;
  std::vector<std::string> awaited_;  // keys that the person set and the run has not yet applied
  std::vector<SetField> own_;         // sent by undo() and redo()
};

}  // namespace moescope::panels
