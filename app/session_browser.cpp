// Questions in slots, latest wins; one reading thread that answers them and watches the store.
#include "app/session_browser.h"

#include <algorithm>
#include <chrono>

#include "app/comparison.h"
#include "app/figure_keeping.h"
#include "compute/backends/thread_pool.h"

namespace moescope {

using Clock = std::chrono::steady_clock;

SessionBrowser::SessionBrowser(std::filesystem::path store, std::filesystem::path folder, std::filesystem::path program)
    : store_path_(std::move(store)),
      folder_(std::move(folder)),
      program_(std::move(program)),
      pair_looker_(store_path_),
      reading_([this] { read_turn(true); }) {}

SessionBrowser::~SessionBrowser() {
  set_waker(nullptr);
  leaving_ = true;
  const std::lock_guard lock(mutex_);
  for (auto& [id, job] : jobs_) *job.cancelled = true;
}

// ---- the UI thread's side

void SessionBrowser::show_table(RunTableQuestion question, int64_t first_row, int64_t num_rows) {
  {
    const std::lock_guard lock(mutex_);
    shown_.table = TableAsk{std::move(question), first_row, num_rows};
    shown_.table_asked = true;
    shown_.resting = false;
  }
  reading_.post([this] { read_turn(false); });
}

void SessionBrowser::compare(std::vector<RunMoment> runs) {
  {
    const std::lock_guard lock(mutex_);
    shown_.comparison = std::move(runs);
    shown_.comparison_asked = true;
  }
  reading_.post([this] { read_turn(false); });
}

void SessionBrowser::draw(FigureAsk ask) {
  {
    const std::lock_guard lock(mutex_);
    shown_.figure_asked[ask.place] = true;
    shown_.figures[ask.place] = std::move(ask);
  }
  reading_.post([this] { read_turn(false); });
}

std::vector<std::shared_ptr<const FigureAnswer>> SessionBrowser::take_figures() {
  const std::lock_guard lock(mutex_);
  return std::exchange(figures_out_, {});
}

void SessionBrowser::rest() {
  const std::lock_guard lock(mutex_);
  shown_.resting = true;
}

void SessionBrowser::edit(RunEdit edit) {
  reading_.post([this, edit = std::move(edit)] {
    guarded("", [&] { apply(edit); });
    read_turn(true);
  });
}

void SessionBrowser::look(PairRequest request) {
  {
    const std::lock_guard lock(mutex_);
    pair_wanted_ = std::move(request);
  }
  looking_.post([this] {
    std::optional<PairRequest> wanted;
    {
      const std::lock_guard lock(mutex_);
      wanted = std::exchange(pair_wanted_, std::nullopt);
    }
    if (!wanted) return;  // an earlier turn has answered it
    work_alone_on_this_thread(true);
    guarded("the two models cannot be looked through: ", [&] {
      std::optional<PairLook> look = pair_looker_.look(*wanted, [this] {
        const std::lock_guard lock(mutex_);
        return !leaving_ && !pair_wanted_;
      });
      if (!look) return;
      pairs_.post(std::make_shared<const PairLook>(std::move(*look)));
      wake();
    });
  });
}

void SessionBrowser::save_figure(FigureSpec spec) {
  reading_.post([this, spec = std::move(spec)] {
    guarded("the figure was not saved: ", [&] {
      std::filesystem::create_directories(folder_);
      std::vector<std::string> files;
      const int64_t id = keep_figure_in(store_path_, spec, folder_, files);
      {
        const std::lock_guard lock(mutex_);
        written_ = files.front();
      }
      notice("figure " + std::to_string(id) + ": " + files.front() +
             ", beside it .pdf .png .csv .json .tex; its path is on the clipboard");
    });
  });
}

void SessionBrowser::save_report(std::vector<RunMoment> runs) {
  reading_.post(
      [this, runs = std::move(runs)] { guarded("the report was not saved: ", [&] { write_report_files(runs); }); });
}

void SessionBrowser::cancel(int64_t job_id) {
  const std::lock_guard lock(mutex_);
  const auto job = jobs_.find(job_id);
  if (job != jobs_.end()) *job->second.cancelled = true;
}

std::vector<SessionJob> SessionBrowser::take_jobs() {
  const std::lock_guard lock(mutex_);
  std::vector<SessionJob> states;
  for (auto job = jobs_.begin(); job != jobs_.end();) {
    const SessionJob& state = job->second.state;
    states.push_back(state);
    const bool over = state.state != SessionJob::State::waiting && state.state != SessionJob::State::running;
    job = over ? jobs_.erase(job) : std::next(job);
  }
  return states;
}

std::vector<std::string> SessionBrowser::drain_notices() {
  const std::lock_guard lock(mutex_);
  return std::exchange(notices_, {});
}

std::string SessionBrowser::take_written_path() {
  const std::lock_guard lock(mutex_);
  return std::exchange(written_, {});
}

void SessionBrowser::set_waker(std::function<void()> wake_window) {
  const std::lock_guard lock(waker_mutex_);
  waker_ = std::move(wake_window);
}

// ---- the other threads' side

void SessionBrowser::wake() {
  const std::lock_guard lock(waker_mutex_);
  if (waker_) waker_();
}

void SessionBrowser::notice(std::string text) {
  {
    const std::lock_guard lock(mutex_);
    notices_.push_back(std::move(text));
  }
  wake();
}

/// Handled here, once: what a task throws becomes a notice.
void SessionBrowser::guarded(const std::string& what, const std::function<void()>& task) {
  try {
    task();
  } catch (const std::exception& error) { notice(what + error.what()); }
}

/// False, with the reason as the table's refusal, while there is no store that can be read.
bool SessionBrowser::open() {
  if (reader_) return true;
  try {
    store_.emplace(store_path_, SessionStore::Access::read);
    reader_.emplace(*store_);
    return true;
  } catch (const UserError& error) {
    auto table = std::make_shared<RunTable>();
    table->refusal = std::filesystem::exists(store_path_) ? error.what() : "no run has been stored yet";
    {
      const std::lock_guard lock(mutex_);
      if (!shown_.table || !std::exchange(shown_.table_asked, false)) return false;
      table->question = shown_.table->question;
    }
    tables_.post(std::move(table));
    wake();
    return false;
  }
}

/// Answers what was asked; when the store has changed, also what stands, but no more than a fifth of the time.
void SessionBrowser::read_turn(bool poll) {
  guarded("", [&] {
    if (leaving_) return;
    Shown shown;
    {
      const std::lock_guard lock(mutex_);
      if (poll && shown_.resting) return;
    }
    if (!open()) return;
    {
      const std::lock_guard lock(mutex_);
      shown = shown_;
      shown_.table_asked = shown_.comparison_asked = false;
      shown_.figure_asked.clear();
    }
    const auto begin = Clock::now();
    const double since_ms = std::chrono::duration<double, std::milli>(begin - refreshed_).count();
    const int64_t version = reader_->database().integer("PRAGMA data_version");
    const bool refresh = poll && !shown.resting && version != data_version_ && since_ms >= 5 * refresh_cost_ms_;
    const bool first = data_version_ < 0;
    if (shown.table && (shown.table_asked || refresh)) answer_table(*shown.table, refresh || first);
    if (shown.comparison && (shown.comparison_asked || refresh)) {
      comparisons_.post(std::make_shared<const RunComparison>(compared_runs(*reader_, *shown.comparison)));
      wake();
    }
    for (const auto& [place, ask] : shown.figures)
      if (shown.figure_asked.contains(place) || refresh) answer_figure(ask);
    if (!refresh && !first) return;
    data_version_ = version;
    refreshed_ = Clock::now();
    refresh_cost_ms_ = std::chrono::duration<double, std::milli>(refreshed_ - begin).count();
  });
}

void SessionBrowser::answer_table(const TableAsk& ask, bool changed) {
  tables_.post(std::make_shared<const RunTable>(
      table_reader_.answer(*reader_, ask.question, ask.first_row, ask.num_rows, changed)));
  wake();
}

void SessionBrowser::answer_figure(const FigureAsk& ask) {
  auto answer = std::make_shared<FigureAnswer>();
  answer->ask = ask;
  try {
    const ReadSnapshot snapshot(reader_->database());
    FigureSpec spec = ask.spec;
    if (spec.labels.empty()) pin_runs(*reader_, spec);
    answer->scene = build_figure(*reader_, spec);
  } catch (const UserError& error) { answer->refusal = error.what(); }
  {
    const std::lock_guard lock(mutex_);
    figures_out_.push_back(std::move(answer));
  }
  wake();
}

void SessionBrowser::write_report_files(const std::vector<RunMoment>& moments) {
  if (!open()) throw UserError("no run has been stored yet");
  std::filesystem::create_directories(folder_);
  std::vector<ComparedRun> runs;
  std::string name = "compare";
  for (const RunMoment& moment : moments) {
    runs.push_back(find_compared(*reader_, moment_text(moment)));
    name += "-" + moment_text(moment);
  }
  const std::vector<std::string> keys = {"train/loss", "eval/test/accuracy"};
  ReportPage page = compare_runs(*reader_, runs, keys);
  write_report(page, (folder_ / (name + ".md")).string());
  add_pictures(*reader_, runs, keys, page);
  const std::string file = (folder_ / (name + ".html")).string();
  write_report(page, file);
  {
    const std::lock_guard lock(mutex_);
    written_ = file;
  }
  notice("report: " + file + ", beside it .md; its path is on the clipboard");
}

// ---- jobs

int64_t SessionBrowser::add_job(std::string title) {
  const std::lock_guard lock(mutex_);
  Job& job = jobs_[next_job_];
  job.state.job_id = next_job_;
  job.state.title = std::move(title);
  return next_job_++;
}

void SessionBrowser::change_job(int64_t id, const std::function<void(SessionJob&)>& change) {
  {
    const std::lock_guard lock(mutex_);
    const auto job = jobs_.find(id);
    if (job != jobs_.end()) change(job->second.state);
  }
  wake();
}

}  // namespace moescope
