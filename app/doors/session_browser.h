// The store behind the window: reads on a thread of its own over a connection of its own, and works on stored runs on
// two more. Nothing that the UI thread calls waits for them.
#pragma once

#include <atomic>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "app/doors/pair_looker.h"
#include "app/runs/run_table_reader.h"
#include "app/tools/worker.h"
#include "compute/core/mailbox.h"
#include "compute/core/waker.h"
#include "sessions/run_reader.h"
#include "window/session_door.h"

namespace moescope {

class SessionBrowser : public SessionDoor {
 public:
  /// The store need not exist yet. Files that are saved go to `folder`, which is made when needed. program: what does
  /// replays, this one by default.
  SessionBrowser(std::filesystem::path store, std::filesystem::path folder,
                 std::filesystem::path program = "/proc/self/exe");
  ~SessionBrowser() override;

  void show_table(RunTableQuestion question, int64_t first_row, int64_t num_rows) override;
  bool take_table(std::shared_ptr<const RunTable>& out) override { return tables_.take(out); }
  void find_runs(std::string typed) override;
  bool take_found(std::shared_ptr<const FoundRuns>& out) override { return found_.take(out); }
  void compare(std::vector<RunMoment> runs) override;
  bool take_comparison(std::shared_ptr<const RunComparison>& out) override { return comparisons_.take(out); }
  void draw(FigureAsk ask) override;
  std::shared_ptr<const FigureAnswer> take_figure(int64_t place) override;
  void show_figures() override;
  bool take_figure_list(std::shared_ptr<const FigureList>& out) override { return figure_lists_.take(out); }
  void rest() override;
  void edit(RunEdit edit) override;
  void look(PairRequest request) override;
  bool take_pair(std::shared_ptr<const PairLook>& out) override { return pairs_.take(out); }
  void replay(int64_t run_id) override;
  void plan(ExperimentAsk ask) override;
  bool take_plan(std::shared_ptr<const ExperimentPlan>& out) override { return plans_.take(out); }
  void start(ExperimentAsk ask) override;
  void save_figure(FigureSpec spec) override;
  void export_figure(int64_t figure_id, std::string ending) override;
  void check_figure(int64_t figure_id) override;
  bool take_verdict(std::shared_ptr<const FigureVerdict>& out) override { return verdicts_.take(out); }
  void save_report(std::vector<RunMoment> runs) override;
  void cancel(int64_t job_id) override;
  std::vector<SessionJob> take_jobs() override;
  std::vector<SessionNotice> drain_notices() override;
  std::string take_written_path() override;
  void set_waker(std::function<void()> wake) override;

 private:
  struct TableAsk {
    RunTableQuestion question;
    int64_t first_row = 0, num_rows = 0;
  };
  struct Shown {  // what stands and is answered again; guarded by mutex_
    std::optional<TableAsk> table;
    std::optional<std::vector<RunMoment>> comparison;
    std::map<int64_t, FigureAsk> figures;
    bool table_asked = false, comparison_asked = false, list = false, list_asked = false, resting = true;
    std::map<int64_t, bool> figure_asked;
  };
  struct Job {
    SessionJob state;
    std::shared_ptr<std::atomic<bool>> cancelled = std::make_shared<std::atomic<bool>>(false);
  };

  // on the reading thread
  void read_turn(bool poll);
  bool open();
  void answer_table(const TableAsk& ask, bool changed);
  void answer_figure(const FigureAsk& ask);
  void answer_figure_list();
  void apply(const RunEdit& edit);
  void write_report_files(const std::vector<RunMoment>& runs);
  void guarded(const std::string& what, const std::function<void()>& task);

  int64_t add_job(std::string title);
  void change_job(int64_t id, const std::function<void(SessionJob&)>& change);
  void post_job(std::string title, std::function<void(int64_t job_id, const std::atomic<bool>& cancelled)> work);
  void end_job(int64_t id, SessionJob::State state, const std::string& result, std::vector<int64_t> runs = {});
  void run_replay(int64_t job_id, int64_t run_id, const std::atomic<bool>& cancelled);
  void run_experiment(int64_t job_id, const ExperimentAsk& ask, const std::atomic<bool>& cancelled);
  void notice(std::string text, bool wrong = false);
  /// Where the workers tell what their tasks throw.
  std::function<void(std::string)> to_notice() {
    return [this](std::string words) { notice(std::move(words), true); };
  }
  void wrote(const std::string& file, std::string text);

  const std::filesystem::path store_path_, folder_, program_;

  std::mutex mutex_;  // guards what follows
  Shown shown_;
  std::map<int64_t, std::shared_ptr<const FigureAnswer>> figures_out_;  // by place
  std::map<int64_t, Job> jobs_;
  std::vector<SessionNotice> notices_;
  std::string written_;
  std::optional<PairRequest> pair_wanted_;
  std::optional<ExperimentAsk> plan_wanted_;
  std::optional<std::string> find_wanted_;
  int64_t next_job_ = 1;

  Mailbox<std::shared_ptr<const RunTable>> tables_;
  Mailbox<std::shared_ptr<const RunComparison>> comparisons_;
  Mailbox<std::shared_ptr<const PairLook>> pairs_;
  Mailbox<std::shared_ptr<const ExperimentPlan>> plans_;
  Mailbox<std::shared_ptr<const FoundRuns>> found_;
  Mailbox<std::shared_ptr<const FigureList>> figure_lists_;
  Mailbox<std::shared_ptr<const FigureVerdict>> verdicts_;
  Waker wake_;
  std::atomic<bool> leaving_ = false;

  // the reading thread's own
  std::optional<SessionStore> store_;
  std::optional<RunReader> reader_;
  RunTableReader table_reader_;
  int64_t data_version_ = -1;
  std::chrono::steady_clock::time_point refreshed_{};
  double refresh_cost_ms_ = 0;

  PairLooker pair_looker_;  // the looking thread's own

  Worker reading_, looking_, replaying_;  // last: they use all of the above
};

}  // namespace moescope
