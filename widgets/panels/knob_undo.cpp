// Undo and redo of knobs.
#include "widgets/panels/knob_undo.h"

#include <algorithm>

#include "compute/records/config_fields.h"

namespace moescope::panels {
namespace {

constexpr double kOneDragSecs = 1;

}  // namespace

void KnobUndo::sent(const std::vector<Command>& commands) {
  for (const Command& command : commands)
    if (const auto* field = std::get_if<SetField>(&command)) {
      const auto own = std::find_if(own_.begin(), own_.end(), [&](const SetField& one) {
        return one.key == field->key && one.value == field->value;
      });
      if (own == own_.end() && find_field(field->key).adjust == Adjust::live) awaited_.push_back(field->key);
    }
}

void KnobUndo::applied(const std::vector<CommandApplied>& commands) {
  for (const CommandApplied& command : commands) {
    const auto own = std::find_if(own_.begin(), own_.end(), [&](const SetField& one) {
      return one.key == command.key && one.value == command.new_value;
    });
    if (own != own_.end()) {
      own_.erase(own);
      continue;
    }
    const auto awaited = std::find(awaited_.begin(), awaited_.end(), command.key);
    if (awaited == awaited_.end()) continue;
    awaited_.erase(awaited);
    if (command.old_value == command.new_value) continue;
    undone_.clear();
    const bool same_drag =
        !done_.empty() && done_.back().key == command.key && command.wall_secs - done_.back().wall_secs < kOneDragSecs;
    if (!same_drag) done_.push_back({command.key, command.old_value, {}, 0});
    done_.back().after = command.new_value;
    done_.back().wall_secs = command.wall_secs;
  }
}

std::optional<SetField> KnobUndo::undo() {
  if (done_.empty()) return std::nullopt;
  undone_.push_back(std::move(done_.back()));
  done_.pop_back();
  own_.push_back({undone_.back().key, undone_.back().before});
  return own_.back();
}

std::optional<SetField> KnobUndo::redo() {
  if (undone_.empty()) return std::nullopt;
  done_.push_back(std::move(undone_.back()));
  undone_.pop_back();
  done_.back().wall_secs = -kOneDragSecs;  // a later change is another one
  own_.push_back({done_.back().key, done_.back().after});
  return own_.back();
}

}  // namespace moescope::panels
