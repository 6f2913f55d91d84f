// What the window needs from a run: the narrow door through which it looks at training and acts on it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "compute/records/command.h"
#include "compute/records/event.h"
#include "compute/records/metric.h"
#include "compute/records/report.h"
#include "compute/records/snapshot.h"
#include "compute/records/stored_run.h"
#include "widgets/panels/sources.h"

namespace moescope {

/// What a run wants kept in view, since it was last asked for.
struct RunNews {
  bool other_run = false;  // another run took the place of the one before (LiveRun::branch): what follows is of that
  std::vector<Metric> metrics;          // in order; what a resumed run recorded before comes first
  std::vector<CommandApplied> applied;  // in order
  std::optional<std::vector<CheckpointInfo>>
      checkpoints;  // stored steps of this run when they changed: ascending, each once
};

/// All calls come from the UI thread and must return at once; none may wait for the trainer, the disk or a decoder.
class LiveRun {
 public:
  virtual ~LiveRun() = default;

  /// The newest snapshot, when one came since the last call.
  virtual bool take(std::shared_ptr<const Snapshot>& out) = 0;
  virtual void send(Command command) = 0;
  virtual RunNews take_news() = 0;

  virtual const panels::GallerySource& gallery() = 0;
  virtual panels::StoreStatus store_status() = 0;

  /// Files dropped on the window. They are read elsewhere; readable ones appear in gallery().own, the others as
  /// notices.
  virtual void open_files(std::vector<std::string> paths) = 0;
  /// One-line messages for the person since the last call ("cannot read shoe.png: ...").
  virtual std::vector<std::string> drain_notices() = 0;

  // Exploring. Answers come through take_look and take_reports.
  virtual void look(LookRequest request) = 0;  // latest wins, and stands until stop_looking
  virtual void stop_looking() = 0;
  virtual void report(ReportRequest request) = 0;  // waits in line; one with the id of another takes its place
  virtual void cancel_report(int64_t id) = 0;
  /// Looks through a stored checkpoint from now on; -1: through the weights in training.
  virtual void explore_checkpoint(int64_t checkpoint_id) = 0;
  /// Saves and leaves this run and begins a new one at its stored step, as `train --branch` does. What hinders it comes
  /// as a notice, and this run goes on.
  virtual void branch(int64_t step) = 0;
  virtual bool take_look(std::shared_ptr<const Look>& out) = 0;
  /// Every state of a report since the last call, in order.
  virtual std::vector<std::shared_ptr<const Report>> take_reports() = 0;
  /// The map of one layer under other knobs at once, for a slider (compute/moe/reroute.h). image: its number in the
  /// test set, 0 for an own one, for what is drawn at random. Throws UserError.
  virtual RoutingMap reroute(const RoutingMap& map, const WhatIf& what_if, const RouterConfig& router,
                             int64_t image) = 0;

  /// Gives a function that any thread may call when something new can be taken. The window polls ten times a second
  /// without it.
  virtual void set_waker(std::function<void()> wake) = 0;
};

}  // namespace moescope
