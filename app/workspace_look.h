// Decides when the explorer is asked to look: when what is asked changes, and again now and then while the run trains.
#pragma once

#include <optional>

#include "widgets/panels/selection.h"
#include "widgets/panels/sources.h"

namespace moescope {

class LookAsker {
 public:
  /// The request to send now, if any. attention_block >= 0 asks for attention even when nothing else is asked.
  std::optional<LookRequest> ask(const panels::Seen& seen, const panels::Selection& selection, int64_t attention_block);

 private:
  static constexpr double kAgainSecs = 0.5;    // weights that moved on are looked through so often at most,
  static constexpr double kLookShare = 0.125;  // and a slow look takes no more than this part of the time
  std::optional<LookRequest> asked_;
  double asked_at_ = 0;
  int64_t next_id_ = 1;
};

}  // namespace moescope
