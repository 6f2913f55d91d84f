// The thread's life: take what is asked, then a look if one is due, else a slice of the report in work.
#include "compute/explore/explorer.h"

#include <algorithm>
#include <utility>

#include "compute/backends/thread_pool.h"
#include "compute/core/clock.h"

namespace moescope {
namespace {

constexpr auto kLookInterval = std::chrono::milliseconds(200);    // between repetitions of a standing look
constexpr auto kFresh = std::chrono::seconds(1);                  // weights younger than this are those of now
constexpr auto kFreshWait = std::chrono::seconds(2);              // a report waits so long for the weights of now
constexpr auto kReportInterval = std::chrono::milliseconds(250);  // between states of a report in work

double secs_between(std::chrono::steady_clock::time_point begin, std::chrono::steady_clock::time_point end) {
  return std::chrono::duration<double>(end - begin).count();
}

}  // namespace

Explorer::Explorer(std::shared_ptr<WeightExchange> live) : live_(std::move(live)), use_live_(live_ != nullptr) {
  if (live_) {
    live_->set_waker([this] {
      const std::lock_guard lock(mutex_);
      wanted_.published = true;
      changed_.notify_one();
    });
  }
  thread_ = std::thread([this] { work(); });
}

Explorer::~Explorer() {
  set_waker(nullptr);
  if (live_) live_->set_waker(nullptr);
  {
    const std::lock_guard lock(mutex_);
    wanted_.leave = true;
  }
  changed_.notify_one();
  thread_.join();
}

// ---- the other threads' side

void Explorer::look(LookRequest request) {
  const std::lock_guard lock(mutex_);
  wanted_.look = std::move(request);
  wanted_.look_asked = Clock::now();
  wanted_.stop_looking = false;
  changed_.notify_one();
}

void Explorer::stop_looking() {
  const std::lock_guard lock(mutex_);
  wanted_.look.reset();
  wanted_.stop_looking = true;
  changed_.notify_one();
}

void Explorer::report(ReportRequest request) {
  const std::lock_guard lock(mutex_);
  wanted_.orders.emplace_back(std::move(request));
  changed_.notify_one();
}

void Explorer::cancel(int64_t report_id) {
  const std::lock_guard lock(mutex_);
  wanted_.orders.emplace_back(report_id);
  changed_.notify_one();
}

void Explorer::use(Loader load) {
  const std::lock_guard lock(mutex_);
  wanted_.source = std::move(load);
  wanted_.source_asked = Clock::now();
  changed_.notify_one();
}

void Explorer::use_live() { use(nullptr); }

std::vector<std::shared_ptr<const Report>> Explorer::take_reports() {
  const std::lock_guard lock(out_mutex_);
  return std::exchange(reports_out_, {});
}

void Explorer::set_waker(std::function<void()> wake) { wake_.set(std::move(wake)); }

// ---- the explorer's thread

void Explorer::work() {
  for (;;) {
    const Wanted wanted = wait_for_work();
    if (wanted.leave) return;
    try {
      turn(wanted);
    } catch (const std::exception& error) { give_up(error.what()); }
  }
}

/// A defect of the explorer must not end the run beside it: what was asked is answered with what went wrong.
void Explorer::give_up(const std::string& what) {
  const std::string sentence = "exploring failed: " + what + "; ask again, or for something else";
  if (working_) {
    working_->job.reset();
    working_->report->refusal = sentence;
    post_working(ReportState::refused);
    working_.reset();
  }
  refuse_look(sentence);
  standing_.reset();
  look_pending_ = false;
  looker_.reset();
}

void Explorer::refuse_look(const std::string& sentence) {
  Look refused;
  if (standing_) refused.request = *standing_;
  refused.model = replica_.label;
  refused.refusal = sentence;
  looks_.post(std::make_shared<const Look>(std::move(refused)));
  wake_();
}

void Explorer::turn(const Wanted& wanted) {
  if (wanted.source) change_source(wanted);
  if (wanted.published) take_published();
  if (wanted.stop_looking) standing_.reset(), look_pending_ = false;
  if (wanted.look) {
    standing_ = wanted.look;
    look_asked_ = wanted.look_asked;
    look_pending_ = true;
  }
  for (const auto& order : wanted.orders) std::visit([this](const auto& one) { take_order(one); }, order);
  if (use_live_ && standing_ && !has_model()) live_->ask(0, std::move(spare_));
  work_alone_on_this_thread(live_ && live_->busy());
  if (look_due())
    answer_look();
  else if (working_)
    report_slice();
  else if (!line_.empty())
    begin_report();
}

bool Explorer::look_due() const {
  if (!standing_ || !has_model()) return false;
  return look_pending_ || (look_stale_ && Clock::now() - looked_ >= kLookInterval);
}

Explorer::Wanted Explorer::wait_for_work() {
  std::unique_lock lock(mutex_);
  const auto asked = [&] {
    const Wanted& w = wanted_;
    return w.leave || w.look || w.stop_looking || w.published || !w.orders.empty() || w.source;
  };
  const bool can_begin =
      !line_.empty() && (!fresh_asked_ || !use_live_ || (has_model() && Clock::now() >= fresh_deadline_));
  if (!working_ && !can_begin && !look_due()) {
    const auto never = Clock::time_point::max();
    const auto look_at = standing_ && look_stale_ && has_model() ? looked_ + kLookInterval : never;
    const auto report_at = fresh_asked_ && has_model() && !line_.empty() ? fresh_deadline_ : never;
    if (const auto at = std::min(look_at, report_at); at != never)
      changed_.wait_until(lock, at, asked);
    else
      changed_.wait(lock, asked);
  }
  return std::exchange(wanted_, {});
}

void Explorer::take_published() {
  std::unique_ptr<PublishedWeights> weights = live_->take();
  if (!weights || !use_live_) return;
  replica_.take(*weights);
  spare_ = std::move(weights);
  look_stale_ = true;
  taken_ = Clock::now();
  const bool awaited = std::exchange(fresh_asked_, false);
  if (awaited && !line_.empty() && !working_) start_front_report();
}

void Explorer::change_source(const Wanted& wanted) {
  const Loader& load = *wanted.source;
  try {
    if (load) {
      replica_ = load();
      use_live_ = false;
    } else if (live_) {
      use_live_ = true;
      replica_ = Replica();
      live_->ask(0, std::move(spare_));
    }
    looker_.reset();
    fresh_asked_ = false;
    look_pending_ = standing_.has_value();
    look_asked_ = wanted.source_asked;
  } catch (const UserError& error) { refuse_look(error.what()); }
}

void Explorer::answer_look() {
  Look look = looker_.look(replica_, *standing_);
  look_stale_ = false;
  looked_ = Clock::now();
  if (look_pending_) look.answer_ms = secs_between(look_asked_, looked_) * 1e3;
  look_pending_ = false;
  looks_.post(std::make_shared<const Look>(std::move(look)));
  wake_();
  if (use_live_) live_->ask(fresh_asked_ ? 0 : replica_.version, std::move(spare_));
}

void Explorer::take_order(const ReportRequest& request) {
  take_order(request.id);
  line_.push_back(request);
  Report report;
  report.request = request;
  post(report);
}

void Explorer::take_order(int64_t cancelled_id) {
  const auto in_line =
      std::find_if(line_.begin(), line_.end(), [&](const ReportRequest& one) { return one.id == cancelled_id; });
  if (in_line != line_.end()) {
    Report report;
    report.request = std::move(*in_line);
    report.state = ReportState::cancelled;
    line_.erase(in_line);
    if (line_.empty()) fresh_asked_ = false;
    post(report);
  }
  if (!working_ || working_->report->request.id != cancelled_id) return;
  post_working(ReportState::cancelled);
  working_.reset();
}

void Explorer::begin_report() {
  const bool fresh = has_model() && Clock::now() - taken_ < kFresh;
  if (use_live_ && !fresh_asked_ && !fresh) {  // over the weights of now, not of a look of long ago
    live_->ask(0, std::move(spare_));
    fresh_asked_ = true;
    fresh_deadline_ = Clock::now() + kFreshWait;
    return;
  }
  if (use_live_ && !fresh && (!has_model() || Clock::now() < fresh_deadline_)) return;
  fresh_asked_ = false;  // the run is at an end and publishes no more: what was looked through last will do
  if (!has_model()) {    // neither a run nor a checkpoint
    Report report;
    report.request = std::move(line_.front());
    line_.pop_front();
    report.state = ReportState::refused;
    report.refusal = "there is no model to look through yet; choose a checkpoint";
    post(report);
    return;
  }
  start_front_report();
}

void Explorer::start_front_report() {
  working_.emplace();  // first: whatever fails from here on is an answer to this request
  working_->report = std::make_shared<Report>();
  working_->report->request = std::move(line_.front());
  line_.pop_front();
  working_->replica = std::make_unique<Replica>(replica_.copy());
}

void Explorer::report_slice() {
  Working& w = *working_;
  Report& report = *w.report;
  try {
    if (!w.job) {
      report.model = w.replica->label;
      report.state = ReportState::working;
      report.token_set = token_set_of(*w.replica, report.request);
      w.job = make_report_job(*w.replica, report.request);
      w.began = Clock::now();
      post_working(ReportState::working);
      return;
    }
    if (!w.job->slice()) {
      post_working(ReportState::done);
      working_.reset();
      return;
    }
    if (w.job->take_urgent() || Clock::now() - w.posted >= kReportInterval) post_working(ReportState::working);
  } catch (const UserError& error) {
    report.refusal = error.what();
    post_working(ReportState::refused);
    working_.reset();
  }
}

void Explorer::post_working(ReportState state) {
  Working& w = *working_;
  Report& report = *w.report;
  report.state = state;
  if (w.job) {
    report.progress = state == ReportState::done ? 1 : w.job->progress();
    report.answer = w.job->answer();
    const double secs = secs_since(w.began);
    report.eta_secs = report.progress > 0 ? secs / report.progress * (1 - report.progress) : -1;
  }
  w.posted = Clock::now();
  post(report);
}

void Explorer::post(const Report& report) {
  {
    const std::lock_guard lock(out_mutex_);
    reports_out_.push_back(std::make_shared<const Report>(report));
  }
  wake_();
}

}  // namespace moescope
