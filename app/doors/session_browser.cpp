// Questions in slots, latest wins; one reading thread that answers them and watches the store.
#include "app/doors/session_browser.h"

#include <algorithm>
#include <charconv>
#include <chrono>

#include "app/runs/comparison.h"
#include "compute/backends/thread_pool.h"

namespace moescope {

namespace {

FoundRuns found_runs(const RunReader& reader, const std::string& typed) {
  constexpr int64_t kMost = 8;
  FoundRuns found{.typed = typed, .runs = {}};
  RunQuery wanted;
  wanted.limit = kMost;
  wanted.name_contains = typed;
  found.runs = reader.list_runs(wanted);
  int64_t number = 0;
  const auto [end, error] = std::from_chars(typed.data(), typed.data() + typed.size(), number);
  if (error == std::errc() && end == typed.data() + typed.size()) {
    const std::vector<int64_t> one{number};
    for (RunSummary& run : reader.load_summaries(one)) found.runs.insert(found.runs.begin(), std::move(run));
  }
  return found;
}

}  // namespace

using Clock = std::chrono::steady_clock;

SessionBrowser::SessionBrowser(std::filesystem::path store, std::filesystem::path folder, std::filesystem::path program)
    : store_path_(std::move(store)),
      folder_(std::move(folder)),
      program_(std::move(program)),
      pair_looker_(store_path_),
      reading_(to_notice(), [this] { read_turn(true); }),
      looking_(to_notice()),
      replaying_(to_notice()) {}

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

void SessionBrowser::find_runs(std::string typed) {
  {
    const std::lock_guard lock(mutex_);
    find_wanted_ = std::move(typed);
  }
  reading_.post([this] {
    std::optional<std::string> wanted;
    {
      const std::lock_guard lock(mutex_);
      wanted = std::exchange(find_wanted_, std::nullopt);
    }
    if (!wanted) return;  // an earlier turn has answered it
    guarded("", [&] {
      if (!open()) return;
      found_.post(std::make_shared<const FoundRuns>(found_runs(*reader_, *wanted)));
      wake_();
    });
  });
}

void SessionBrowser::compare(std::vector<RunMoment> runs) {
  {
    const std::lock_guard lock(mutex_);
    shown_.comparison = std::move(runs);
    shown_.comparison_asked = true;
  }
  reading_.post([this] { read_turn(false); });
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
      wake_();
    });
  });
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

std::vector<SessionNotice> SessionBrowser::drain_notices() {
  const std::lock_guard lock(mutex_);
  return std::exchange(notices_, {});
}

std::string SessionBrowser::take_written_path() {
  const std::lock_guard lock(mutex_);
  return std::exchange(written_, {});
}

void SessionBrowser::set_waker(std::function<void()> wake_window) { wake_.set(std::move(wake_window)); }

// ---- the other threads' side

void SessionBrowser::notice(std::string text, bool wrong) {
  {
    const std::lock_guard lock(mutex_);
    notices_.push_back({std::move(text), wrong});
  }
  wake_();
}

/// Handled here, once: what a task throws becomes a notice.
void SessionBrowser::guarded(const std::string& what, const std::function<void()>& task) {
  try {
    task();
  } catch (const std::exception& error) { notice(what + error.what(), true); }
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
    bool list = false, rows = false;
    {
      const std::lock_guard lock(mutex_);
      list = std::exchange(shown_.list_asked, false);
      rows = shown_.table && std::exchange(shown_.table_asked, false);
      if (rows) table->question = shown_.table->question;
    }
    if (list) {
      auto answer = std::make_shared<FigureList>();
      answer->refusal = table->refusal;
      figure_lists_.post(std::move(answer));
    }
    if (rows) tables_.post(std::move(table));
    if (list || rows) wake_();
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
      shown_.table_asked = shown_.comparison_asked = shown_.list_asked = false;
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
      wake_();
    }
    for (const auto& [place, ask] : shown.figures)
      if (shown.figure_asked.contains(place) || refresh) answer_figure(ask);
    if (shown.list && (shown.list_asked || refresh)) answer_figure_list();
    if (!refresh && !first) return;
    data_version_ = version;
    refreshed_ = Clock::now();
    refresh_cost_ms_ = std::chrono::duration<double, std::milli>(refreshed_ - begin).count();
  });
}

void SessionBrowser::answer_table(const TableAsk& ask, bool changed) {
  tables_.post(std::make_shared<const RunTable>(
      table_reader_.answer(*reader_, ask.question, ask.first_row, ask.num_rows, changed)));
  wake_();
}

}  // namespace moescope
