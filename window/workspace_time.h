// What the panels see while a stored step is looked through: the explorer's look in the place of the trainer's
// snapshot.
#pragma once

#include <optional>
#include <string>

#include "compute/records/snapshot.h"
#include "widgets/panels/sources.h"
#include "widgets/panels/time_slider.h"

namespace moescope {

class TimeTravel {
 public:
  /// `live` as it is while nothing is chosen. Else, once a look through a stored step is there, that step's snapshot:
  /// images, loads of the image on view, step and configuration as they were. What was looked through before stays
  /// until the answer for a newer choice comes. The result points into this object until the next call.
  panels::Seen view(const panels::Seen& live, const std::optional<panels::StoredStep>& chosen);
  /// Why the chosen step cannot be looked through, once.
  std::optional<std::string> take_refusal() { return std::exchange(refusal_, std::nullopt); }

 private:
  void rebuild(const panels::Seen& live, const Look& look);

  Snapshot past_;
  uint64_t made_of_ = 0;  // the look's serial
  uint64_t refused_ = 0;  // the serial of the look whose refusal was told
  std::optional<std::string> refusal_;
};

}  // namespace moescope
