// The trainer on a thread of its own: commands go in, snapshots and events come out, nobody waits for anybody.
#pragma once

#include <thread>

#include "compute/train/run_loop.h"

namespace moescope {

class TrainerThread {
 public:
  /// Starts preparing at once. Whatever goes wrong is caught once, at the top of the thread, and arrives as
  /// StateChanged{failed, sentence} and in a last snapshot.
  explicit TrainerThread(RunSetup setup);
  /// Asks the run to finish (a checkpoint is saved) and waits for it.
  ~TrainerThread();
  TrainerThread(const TrainerThread&) = delete;
  TrainerThread& operator=(const TrainerThread&) = delete;

  Queue<Command>& commands() { return commands_; }
  Mailbox<std::shared_ptr<const Snapshot>>& snapshots() { return snapshots_; }
  /// Closed when the run has been left or has failed: drain it until then.
  Queue<Event>& events() { return events_; }
  /// Waits until the run has been left.
  void join();

 private:
  Queue<Command> commands_;
  Mailbox<std::shared_ptr<const Snapshot>> snapshots_;
  Queue<Event> events_;
  RunLoop loop_;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace moescope
