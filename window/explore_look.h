// Decides when the explorer is told what to look at: when what is asked changes. It looks again by itself as the run
// trains, until it is told to stop.
#pragma once

#include <functional>
#include <optional>
#include <utility>

#include "widgets/panels/selection.h"
#include "widgets/panels/sources.h"

namespace moescope {

class LookAsker {
 public:
  /// The request to send now, if any. attention_block >= 0 asks for attention even when nothing else is asked;
  /// `stored`: a stored step is looked through, so that even the image as it is has to be asked for.
  std::optional<LookRequest> ask(const panels::Seen& seen, const panels::Selection& selection, int64_t attention_block,
                                 bool stored);
  /// Nobody looks: as if nothing were asked.
  void rest() {
    stop_ |= asked_.has_value();
    asked_.reset();
  }
  /// True once when nothing is asked any more.
  bool take_stop() { return std::exchange(stop_, false); }

 private:
  std::optional<LookRequest> asked_;
  bool stop_ = false;
  int64_t next_id_ = 1;
};

/// LiveRun::reroute.
using Reroute = std::function<RoutingMap(const RoutingMap&, const WhatIf&, const RouterConfig&, int64_t image)>;

/// The layer on view under the knobs that are asked, while the look through the model is on its way: what a slider
/// shows in the frame in which it moves.
class QuickRoute {
 public:
  /// Null when there is nothing to bridge. The map lives until the next call.
  const RoutingMap* update(const panels::Seen& seen, const panels::Selection& selection, const Reroute& reroute);
  uint64_t serial() const { return serial_; }  // grows with each new map

 private:
  std::optional<RoutingMap> map_;
  WhatIf made_for_;
  int64_t made_step_ = -1, made_layer_ = -1;
  WatchedImage made_image_;
  uint64_t serial_ = 0;
};

}  // namespace moescope
