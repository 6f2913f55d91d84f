// What the browser does that takes its time, one after another in processes of their own: replays, sweeps, twins.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <sstream>

#include "app/doors/experiment_plan.h"
#include "app/doors/session_browser.h"
#include "app/tools/child_process.h"
#include "compute/core/clock.h"
#include "compute/records/words.h"

namespace moescope {

namespace {

using Clock = std::chrono::steady_clock;

/// How far the lines of a program say that it is.
class ChildProgress {
 public:
  /// False for a line that says nothing about it.
  bool take(const std::string& line) {
    long long a = 0, b = 0;
    if (std::sscanf(line.c_str(), "cell %lld of %lld", &a, &b) == 2) {
      if (!begun_) first_share_ = static_cast<double>(a - 1) / static_cast<double>(std::max(1ll, b)), begin();
      cell_ = a, cells_ = b, step_ = 0, last_ = 0;
    } else if (std::sscanf(line.c_str(), "step %lld/%lld", &a, &b) == 2 ||
               std::sscanf(line.c_str(), "step %lld of %lld", &a, &b) == 2) {
      if (!begun_) begin();
      step_ = a, last_ = b;
    } else {
      return line.starts_with("preparing") || line.starts_with("step ") || line.starts_with("note: ");
    }
    return true;
  }
  double share() const {
    const double of_cell = last_ > 0 ? static_cast<double>(step_) / static_cast<double>(last_) : 0;
    return cells_ > 0 ? (static_cast<double>(cell_ - 1) + of_cell) / static_cast<double>(cells_) : of_cell;
  }
  /// By what was done since the beginning: cells that were done before took no time.
  double eta_secs() const {
    const double done = share() - first_share_;
    if (!begun_ || done <= 0) return -1;
    return secs_since(since_) / done * (1 - share());
  }
  std::string place() const {
    return cells_ > 0 ? ", run " + std::to_string(cell_) + " of " + std::to_string(cells_) : std::string();
  }

 private:
  void begin() { begun_ = true, since_ = Clock::now(); }
  long long cell_ = 0, cells_ = 0, step_ = 0, last_ = 0;
  double first_share_ = 0;
  bool begun_ = false;
  Clock::time_point since_;
};

std::string name_of(const ExperimentAsk& ask) {
  if (ask.kind == ExperimentAsk::Kind::recipe) return "recipe '" + ask.name + "', " + ask.budget;
  return (ask.kind == ExperimentAsk::Kind::sweep ? "sweep '" : "twins '") + ask.name + "'";
}

}  // namespace

// ---- jobs in line

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
  wake_();
}

void SessionBrowser::end_job(int64_t id, SessionJob::State state, const std::string& result,
                             std::vector<int64_t> runs) {
  change_job(id, [&](SessionJob& job) {
    job.state = state, job.result = result, job.share = 1;
    job.runs = std::move(runs);
  });
}

void SessionBrowser::post_job(std::string title,
                              std::function<void(int64_t job_id, const std::atomic<bool>& cancelled)> work) {
  const std::string words = title;
  const int64_t job_id = add_job(std::move(title));
  std::shared_ptr<std::atomic<bool>> cancelled;
  {
    const std::lock_guard lock(mutex_);
    cancelled = jobs_.at(job_id).cancelled;
  }
  replaying_.post([this, job_id, cancelled, words, work = std::move(work)] {
    if (*cancelled) return end_job(job_id, SessionJob::State::cancelled, "the " + words + " was cancelled");
    change_job(job_id, [](SessionJob& job) { job.state = SessionJob::State::running, job.share = 0; });
    try {
      work(job_id, *cancelled);
    } catch (const std::exception& error) {
      end_job(job_id, SessionJob::State::failed, "the " + words + " could not be done: " + error.what());
    }
  });
}

// ---- replays

void SessionBrowser::replay(int64_t run_id) {
  post_job(
      "replay of run " + std::to_string(run_id),
      [this, run_id](int64_t job_id, const std::atomic<bool>& cancelled) { run_replay(job_id, run_id, cancelled); });
}

void SessionBrowser::run_replay(int64_t job_id, int64_t run_id, const std::atomic<bool>& cancelled) {
  using State = SessionJob::State;
  ChildProgress progress;
  const ChildEnd replayed = run_child(
      program_, {"runs", "replay", std::to_string(run_id), "--store", store_path_.string(), "--progress"},
      [&](const std::string& line) {
        if (!progress.take(line)) return false;
        change_job(job_id, [&](SessionJob& job) { job.share = progress.share(), job.eta_secs = progress.eta_secs(); });
        return true;
      },
      cancelled);
  if (replayed.cancelled)
    return end_job(job_id, State::cancelled, "the replay of run " + std::to_string(run_id) + " was cancelled");
  end_job(job_id, replayed.status == 2 ? State::failed : State::done, replayed.words);
}

// ---- sweeps and twins

void SessionBrowser::plan(ExperimentAsk ask) {
  {
    const std::lock_guard lock(mutex_);
    plan_wanted_ = std::move(ask);
  }
  looking_.post([this] {
    std::optional<ExperimentAsk> wanted;
    {
      const std::lock_guard lock(mutex_);
      wanted = std::exchange(plan_wanted_, std::nullopt);
    }
    if (!wanted) return;  // an earlier turn has answered it
    plans_.post(std::make_shared<const ExperimentPlan>(plan_experiment(store_path_, *wanted)));
    wake_();
  });
}

void SessionBrowser::start(ExperimentAsk ask) {
  const std::string name = name_of(ask);
  post_job(name, [this, ask = std::move(ask)](int64_t job_id, const std::atomic<bool>& cancelled) {
    run_experiment(job_id, ask, cancelled);
  });
}

void SessionBrowser::run_experiment(int64_t job_id, const ExperimentAsk& ask, const std::atomic<bool>& cancelled) {
  using State = SessionJob::State;
  ChildProgress progress;
  std::vector<int64_t> runs;
  std::vector<std::string> arguments = experiment_arguments(ask);
  arguments.insert(arguments.end(), {"--store", store_path_.string(), "--beside", "--progress"});
  const std::string name = name_of(ask);
  const ChildEnd end = run_child(
      program_, arguments,
      [&](const std::string& line) {
        if (line.starts_with("runs ")) {
          std::istringstream numbers(line.substr(5));
          for (int64_t run = 0; numbers >> run;) runs.push_back(run);
          return true;
        }
        if (!progress.take(line)) return false;
        change_job(job_id, [&](SessionJob& job) {
          job.title = name + progress.place();
          job.share = progress.share(), job.eta_secs = progress.eta_secs();
        });
        return true;
      },
      cancelled);
  if (end.cancelled)
    return end_job(job_id, State::cancelled, name + " was stopped and saved; the same one goes on where it is");
  if (end.status != 0) return end_job(job_id, State::failed, name + " did not come to its end: " + end.words);
  end_job(job_id, State::done,
          name + " is done: " + counted(std::ssize(runs), "run") + "; tag:" + experiment_tag(ask) + " finds " +
              (runs.size() == 1 ? "it" : "them"),
          runs);
}

}  // namespace moescope
