// Looks and reports on a thread of their own, beside the trainer: asked from the UI thread, which never waits.
//
// The explorer owns replicas of the model. While the run computes it works on its one thread only
// (work_alone_on_this_thread), so the trainer keeps its threads and its numbers; otherwise it takes the pool. A look is
// latest-wins and goes before any report; while it stands it is repeated, at most some five times a second, whenever
// the run in training has newer weights. Reports wait in line, each over the weights of the moment when it began, and
// can be cancelled.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "compute/core/mailbox.h"
#include "compute/core/waker.h"
#include "compute/explore/looker.h"
#include "compute/explore/replica.h"
#include "compute/explore/report_job.h"
#include "compute/records/report.h"
#include "compute/train/weight_exchange.h"

namespace moescope {

class Explorer {
 public:
  using Loader = std::function<Replica()>;  // may throw UserError; called on the explorer's thread

  /// `live` may be null: then only checkpoints can be looked through. Give the same one to RunSetup::weights.
  explicit Explorer(std::shared_ptr<WeightExchange> live);
  ~Explorer();
  Explorer(const Explorer&) = delete;
  Explorer& operator=(const Explorer&) = delete;

  // From any thread; all return at once.
  void look(LookRequest request);
  void stop_looking();
  void report(ReportRequest request);  // one with the id of another takes its place
  void cancel(int64_t report_id);
  /// From now on look through what `load` gives; the standing look is done again, reports in line are answered by it,
  /// the one in work goes on. When it throws, the sentence comes as the refusal of a look and the old model stays.
  void use(Loader load);
  void use_live();

  bool take(std::shared_ptr<const Look>& out) { return looks_.take(out); }
  /// Everything posted since the last call, in order.
  std::vector<std::shared_ptr<const Report>> take_reports();
  /// Called on the explorer's thread when there is something to take; null: nobody.
  void set_waker(std::function<void()> wake);

 private:
  using Clock = std::chrono::steady_clock;
  struct Wanted {                     // what the other threads ask for; guarded by mutex_
    std::optional<LookRequest> look;  // asked and not begun
    Clock::time_point look_asked;
    bool stop_looking = false, leave = false, published = false;
    std::deque<std::variant<ReportRequest, int64_t>> orders;  // reports to make, ids to cancel, in order
    std::optional<Loader> source;                             // an empty function: the live run
    Clock::time_point source_asked;
  };
  struct Working {  // the report in work
    std::shared_ptr<Report> report;
    std::unique_ptr<Replica> replica;
    std::unique_ptr<ReportJob> job;
    Clock::time_point began, posted;
  };

  // on the explorer's thread
  void work();
  void turn(const Wanted& wanted);
  void give_up(const std::string& what);
  void refuse_look(const std::string& sentence);
  Wanted wait_for_work();
  void take_published();
  void change_source(const Wanted& wanted);
  void answer_look();
  bool look_due() const;
  void begin_report();
  void start_front_report();
  void report_slice();
  void take_order(const ReportRequest& request);
  void take_order(int64_t cancelled_id);
  void post(const Report& report);
  void post_working(ReportState state);
  bool has_model() const { return replica_.model != nullptr; }

  const std::shared_ptr<WeightExchange> live_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Wanted wanted_;
  Mailbox<std::shared_ptr<const Look>> looks_;
  std::mutex out_mutex_;
  std::vector<std::shared_ptr<const Report>> reports_out_;
  Waker wake_;

  // the thread's own
  bool use_live_ = true;
  Replica replica_;
  std::unique_ptr<PublishedWeights> spare_;
  Looker looker_;
  std::optional<LookRequest> standing_;
  bool look_pending_ = false;  // asked and not yet answered
  bool look_stale_ = false;    // newer weights came since it was answered
  Clock::time_point look_asked_, looked_, taken_{};
  std::deque<ReportRequest> line_;
  bool fresh_asked_ = false;  // the first report in line waits for the weights of now
  Clock::time_point fresh_deadline_;
  std::optional<Working> working_;

  std::thread thread_;  // last: it uses all of the above
};

}  // namespace moescope
